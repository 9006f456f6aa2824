import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { seedProducts } from "./seed.ts";

const maxLineBytes = 256;

/** The answer to one line: `PRICE <id>` tells a price in cents; undefined for `QUIT`. */
function answerLine(line: string): string | undefined {
  if (line === "QUIT") return undefined;
  const id = /^PRICE (\d{1,9})$/.exec(line)?.[1];
  if (id === undefined) return "ERR say PRICE <product> or QUIT";
  const product = seedProducts.find((known) => known.id === Number(id));
  return product ? `OK ${product.priceCents} ${product.name}` : `ERR no product ${id}`;
}

/** The price list over plain TCP, a line for a line; not HTTP, so that a TCPRoute has something to carry. */
export async function servePriceList(port: number): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    answer(socket);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function answer(socket: Socket): void {
  let rest = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const said = answerLine(line.trimEnd());
      if (said === undefined) {
        socket.removeAllListeners("data").end();
        return;
      }
      socket.write(`${said}\n`);
    }
    if (rest.length > maxLineBytes) socket.destroy();
  });
}

if (import.meta.main) {
  const service = await servePriceList(Number(process.env["PORT"] ?? 0));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => service.close());
  console.log(JSON.stringify({ ready: true, port: service.port }));
}
