import assert from "node:assert";
import { once } from "node:events";
import { test } from "node:test";
import { Client, credentials, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { decodeReply, decodeRequest, encodeReply } from "./stock-messages.ts";
import { findStock, serveStock, stockService } from "./stock.ts";

test("messages are read as they are written", () => {
  const reply = { product: 300, left: 0, warehouse: "nörd" };
  assert.deepStrictEqual(decodeReply(encodeReply(reply)), reply);
  assert.deepStrictEqual(decodeRequest(Buffer.from([8, 172, 2])), { product: 300 });
  assert.throws(() => decodeRequest(Buffer.from([8])), /cut short/);
});

test("the stock is told by gRPC, once and as it changes", async (t) => {
  const service = await serveStock(0);
  const client = new Client(`127.0.0.1:${service.port}`, credentials.createInsecure());
  t.after(() => {
    client.close();
    service.close();
  });
  const { Get, Watch } = stockService;
  const ask = (product: number): Promise<Buffer | ServiceError> =>
    new Promise((resolve) =>
      client.makeUnaryRequest(
        Get.path,
        Get.requestSerialize,
        Get.responseDeserialize,
        { product },
        (error, reply) => resolve(error ?? reply!),
      ),
    );
  assert.deepStrictEqual(decodeReply((await ask(3)) as Buffer), findStock(3));
  const failed = (await ask(9_999)) as ServiceError;
  assert.strictEqual(failed.code, status.NOT_FOUND);
  const stream = client.makeServerStreamRequest(
    Watch.path,
    Watch.requestSerialize,
    Watch.responseDeserialize,
    {
      product: 3,
    },
  );
  stream.on("error", () => {});
  const [first] = (await once(stream, "data")) as [Buffer];
  const [second] = (await once(stream, "data")) as [Buffer];
  stream.cancel();
  assert.strictEqual(decodeReply(first).product, 3);
  assert.notStrictEqual(decodeReply(first).left, decodeReply(second).left);
});
