import assert from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

for (const name of ["audit", "catalog", "orders", "payments", "storefront"]) {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${name} says its port as a process of its own and ends with 0 on ${signal}`, async (t) => {
      const child = spawn(process.execPath, [fileURLToPath(new URL(`${name}.ts`, import.meta.url))], {
        env: { ...process.env, PORT: "0", DATA: ":memory:" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      t.after(() => child.kill("SIGKILL"));
      const [line] = await once(createInterface({ input: child.stdout }), "line");
      const { ready, port } = JSON.parse(String(line));
      assert.strictEqual(ready, true);
      assert.strictEqual((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
      const ended = once(child, "exit");
      child.kill(signal);
      assert.deepStrictEqual(await ended, [0, null]);
    });
  }
}
