import net from "node:net";

/** Binds an address alone for a moment. The system's error code when it cannot be bound, or null. */
export function probeAddress(address: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "EUNKNOWN"));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
