import assert from "node:assert";
import { connect } from "node:net";
import { test } from "node:test";
import { servePriceList } from "./price-list.ts";

test("lines are answered in order, however they are cut, until QUIT", async (t) => {
  const service = await servePriceList(0);
  t.after(() => service.close());
  const socket = connect(service.port, "127.0.0.1");
  socket.write("PRICE 5\nPRI");
  let text = "";
  for await (const chunk of socket) {
    if (text === "") socket.write("CE 999\r\nprice\nQUIT\nPRICE 1\n");
    text += String(chunk);
  }
  assert.strictEqual(
    text,
    "OK 1450 Texsolv heddles, 100\nERR no product 999\nERR say PRICE <product> or QUIT\n",
  );
});
