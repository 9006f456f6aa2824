import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { seedProducts } from "./seed.ts";
import { decodeRequest, encodeReply } from "./stock-messages.ts";
import type { StockReply, StockRequest } from "./stock-messages.ts";

const watchEveryMs = 500;

const shape = {
  requestSerialize: (request: StockRequest) => Buffer.from([8, request.product]),
  requestDeserialize: decodeRequest,
  responseSerialize: encodeReply,
  responseDeserialize: (bytes: Buffer) => bytes,
  requestStream: false,
} as const;

/** shop.Stock: what is left of a product, once or as it changes. */
export const stockService = {
  Get: { ...shape, path: "/shop.Stock/Get", responseStream: false },
  Watch: { ...shape, path: "/shop.Stock/Watch", responseStream: true },
} as const;

/** Looks a product's stock up; undefined where there is no such product. */
export function findStock(product: number): StockReply | undefined {
  if (!seedProducts.some(({ id }) => id === product)) return undefined;
  return { product, left: (product * 7) % 23, warehouse: product % 2 === 0 ? "north" : "south" };
}

const missing = (product: number) => ({ code: status.NOT_FOUND, details: `there is no product ${product}` });

function get(call: ServerUnaryCall<StockRequest, StockReply>, done: sendUnaryData<StockReply>): void {
  const found = findStock(call.request.product);
  if (found === undefined) done(missing(call.request.product));
  else done(null, found);
}

function watch(call: ServerWritableStream<StockRequest, StockReply>): void {
  const found = findStock(call.request.product);
  if (found === undefined) {
    call.emit("error", missing(call.request.product));
    return;
  }
  let left = found.left;
  call.write(found);
  const timer = setInterval(() => {
    left = left === 0 ? 22 : left - 1;
    call.write({ ...found, left });
  }, watchEveryMs);
  call.on("cancelled", () => clearInterval(timer));
}

/** Serves the stock by gRPC at that port of 127.0.0.1; 0 takes a free one. */
export async function serveStock(port: number): Promise<{ port: number; close(): void }> {
  const server = new Server();
  server.addService(stockService, { Get: get, Watch: watch });
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, found) =>
      error === null ? resolve(found) : reject(error),
    ),
  );
  return { port: bound, close: () => server.forceShutdown() };
}

if (import.meta.main) {
  const { port, close } = await serveStock(Number(process.env["PORT"] ?? 0));
  process.once("SIGTERM", close);
  process.once("SIGINT", close);
  console.log(JSON.stringify({ ready: true, port }));
}
