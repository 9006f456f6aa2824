import net from "node:net";
import { getSystemErrorName } from "node:util";
import { pipeBinding } from "./pipe-binding.ts";
import type { PipeBinding } from "./pipe-binding.ts";

/**
 * Binds an address alone for a moment. The system's error code when it cannot be bound, or null. It does not listen
 * where the runtime allows it: a client that came in that moment would be taken by nobody, and see its connection end.
 */
export async function probeAddress(address: string, port: number): Promise<string | null> {
  return pipeBinding === null || net.isIP(address) === 0
    ? probeByListening(address, port)
    : probeByBinding(pipeBinding, address, port);
}

function probeByBinding({ TCP, tcpServer }: PipeBinding, address: string, port: number): string | null {
  const handle = new TCP(tcpServer);
  try {
    const bound = net.isIPv6(address) ? handle.bind6(address, port, 0) : handle.bind(address, port);
    // libuv keeps EADDRINUSE of a bind for the next call (uv_tcp_bind).
    const result = bound === 0 ? handle.getsockname({}) : bound;
    return result === 0 ? null : getSystemErrorName(result);
  } finally {
    handle.close();
  }
}

function probeByListening(address: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "EUNKNOWN"));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
