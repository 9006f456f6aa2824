import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";

export type WantedPort = {
  /** The flag that changes it. */
  flag: string;
  /** The address that will be bound; undefined is all of them. */
  host?: string;
  port: number;
};

/**
 * Finds out whether the wanted ports can be bound, and a free one for each 0, all different. Nothing is
 * held afterwards. Throws an Error that names the port and its flag.
 */
export async function choosePorts(wanted: readonly WantedPort[]): Promise<number[]> {
  const held: Server[] = [];
  try {
    for (const want of wanted) held.push(await hold(want));
    return held.map((server) => (server.address() as AddressInfo).port);
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function hold({ flag, host, port }: WantedPort): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => reject(new Error(explain(error, flag, port))));
    server.listen({ port, host }, () => resolve(server));
  });
}

function explain(error: NodeJS.ErrnoException, flag: string, port: number): string {
  if (error.code === "EADDRINUSE")
    return `port ${port} is taken, choose another with ${flag} (0 finds a free one)`;
  if (error.code === "EACCES") return `port ${port} needs privileges, choose one above 1023 with ${flag}`;
  return `cannot listen at port ${port}: ${error.message}, choose another with ${flag}`;
}
