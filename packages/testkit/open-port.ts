import { once } from "node:events";
import net from "node:net";

/** Listens on a free port of `host`, and returns it. */
export async function listenOnFreePort(server: net.Server, host: string = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

/** Below the ports that systems give to connections (Linux: from 32768, others: from 49152). */
const FIRST_PORT = 10_240;
const PORTS = 22_000;

/**
 * Finds ports that are free now, all different, for a process that must be told its port. No connection is given one of
 * them meanwhile, and that another process picks the same is one chance in thousands; prefer port 0 where the listener is
 * ours nonetheless.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers: net.Server[] = [];
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = net.createServer();
    if (!(await canListen(server, port))) continue;
    servers.push(server);
    ports.push(port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** On every address, so that nobody has it on any. */
function canListen(server: net.Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, () => resolve(true));
  });
}
