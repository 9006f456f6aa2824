import assert from "node:assert";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { choosePorts } from "./ports.ts";

test("0 takes free ports, all different, and holds none of them", async () => {
  const ports = await choosePorts([
    { flag: "--port", port: 0 },
    { flag: "--https-port", port: 0 },
    { flag: "--api", host: "127.0.0.1", port: 0 },
  ]);
  assert.strictEqual(new Set(ports).size, 3);
  assert.ok(ports.every((port) => port > 0));
  assert.deepStrictEqual(await choosePorts(ports.map((port) => ({ flag: "--port", port }))), ports);
});

test("a taken port, and one port wanted twice, is named with its flag", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  t.after(() => holder.close());
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const message = new RegExp(`^port ${port} is taken, choose another with --api`);
  await assert.rejects(choosePorts([{ flag: "--api", host: "127.0.0.1", port }]), { message });
  const [free = 0] = await choosePorts([{ flag: "--port", port: 0 }]);
  const twice = [
    { flag: "--port", port: free },
    { flag: "--https-port", port: free },
  ];
  await assert.rejects(choosePorts(twice), /choose another with --https-port/);
});
