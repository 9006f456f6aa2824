import { once } from "node:events";
import net from "node:net";

/** Listens on a free port of `host`, and returns it. */
export async function listenOnFreePort(server: net.Server, host: string = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

/**
 * Finds ports that are free now, all different, for a process that must be told its port.
 * Another process may take one before it is used; so prefer port 0 where the listener is ours.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer());
  const ports = await Promise.all(servers.map((server) => listenOnFreePort(server)));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
