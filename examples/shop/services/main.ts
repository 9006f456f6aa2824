import { serveService } from "./service.ts";
import type { ServiceParts } from "./service.ts";

/**
 * Runs one service as a process of its own: PORT (default 0, a free one) and DATA (an SQLite file,
 * default `:memory:`) come from the environment. Prints `{"ready":true,"port":N}` once it listens;
 * SIGTERM or SIGINT ends its streams, finishes what is in flight and exits with 0.
 */
export async function runService(open: (data: string) => ServiceParts): Promise<void> {
  const port = Number(process.env["PORT"] ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT is no port: ${process.env["PORT"]}`);
  const service = await serveService(open(process.env["DATA"] ?? ":memory:"), port);
  const stop = (): void => void service.close();
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  console.log(JSON.stringify({ ready: true, port: service.port }));
}
