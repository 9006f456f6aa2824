import assert from "node:assert/strict";
import { test } from "node:test";
import { connectRaw, startHeddle, type RawConnection } from "@heddle/testkit";
import { generatePaths, readLeniently } from "../e2e/hostile/setup/generated-paths.ts";
import { backend, gateway, route } from "../e2e/hostile/setup/resources.ts";
import { openers } from "./origins.ts";

const SEED = 20_260_102;
const COUNT = 1_500;

for (const [name, open] of Object.entries(openers)) {
  test(`${name} reads each of ${COUNT} generated paths (seed ${SEED}) as Heddle's router did (threats 13)`, async () => {
    await using origin = await open();
    await using heddle = await startHeddle({
      files: ({ http }) => ({
        "site.yaml":
          gateway({ port: http }) +
          backend("up", origin.port) +
          tagged("admin", "/admin") +
          tagged("public", "/public") +
          tagged("rest", "/"),
      }),
      args: ["--workers", "1"],
    });
    let passed = 0;
    let client: RawConnection | null = null;
    for (const path of generatePaths(COUNT, SEED)) {
      client ??= await connectRaw(heddle.ports.http);
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const head: string = await client.receiveUntil("\r\n\r\n");
      const field = (wanted: string) => new RegExp(`^${wanted}: ([^\r]*)`, "im").exec(head)?.[1];
      if (head.startsWith("HTTP/1.1 200 ")) {
        passed += 1;
        const seen = field("x-path") ?? "";
        const [own = ""] = seen.split("?");
        const read = field("x-read") ?? readLeniently(own);
        const matched = /^\/(admin|public)(\/|$)/.exec(read)?.[1] ?? "rest";
        assert.equal(field("x-route"), matched, `${JSON.stringify(path)} is ${seen} there, read as ${read}`);
      }
      await client.receiveUntil(/^(ok|[^]*\(HDL_\w+\)\n)/);
      if (!/^connection: close/im.test(head)) continue;
      await client.close();
      client = null;
    }
    await client?.close();
    assert.ok(passed > COUNT / 20, `${passed} passed`);
  });
}

/** A route that says on the response which one it is. */
function tagged(name: string, prefix: string): string {
  return route({
    name,
    backend: "up",
    matches: [`{ path: { type: PathPrefix, value: "${prefix}" } }`],
    filters: [
      `{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-route, value: ${name} }] } }`,
    ],
  });
}
