import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { connectRaw, openEchoServer, startHeddle, type RunningHeddle } from "@heddle/testkit";
import { siteOfBackend } from "./site.ts";

const configuration = (port: number, backend: number): string => `
${siteOfBackend(port, backend)}---
apiVersion: heddle.dev/v1alpha1
kind: AccessPolicy
metadata: { name: browsers }
spec:
  targetRefs: [{ kind: Gateway, name: edge }]
  csrf: { allowedOrigins: ["https://app.example"] }
  securityHeaders: {}
  request: { maxBodyBytes: 8, contentTypes: [application/json] }
`;

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
}

describe("what guards users of browsers, and bodies", () => {
  let backend: Awaited<ReturnType<typeof openEchoServer>>;
  let heddle: RunningHeddle;
  before(async () => {
    backend = await openEchoServer();
    heddle = await startHeddle({
      files: ({ http: port }) => ({ "site.yaml": configuration(port, backend.port) }),
    });
  });
  after(async () => {
    await heddle?.stop();
    await backend?.[Symbol.asyncDispose]();
  });

  function ask(method: string, headers: Record<string, string> = {}, body = ""): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = {
        port: heddle.ports.http,
        method,
        headers: { host: "shop.example", ...headers },
        agent: false,
      };
      const request = http.request(options, (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers }));
      });
      request.on("error", reject);
      request.end(body === "" ? undefined : body);
    });
  }

  test("requests with an effect come from the site's own pages, allowed ones, or no browser", async () => {
    for (const [status, method, headers] of [
      [200, "POST", {}],
      [200, "POST", { "sec-fetch-site": "same-origin" }],
      [200, "POST", { origin: "http://shop.example" }],
      [200, "POST", { origin: "https://app.example", "sec-fetch-site": "cross-site" }],
      [200, "GET", { "sec-fetch-site": "cross-site" }],
      [403, "POST", { "sec-fetch-site": "cross-site" }],
      [403, "DELETE", { "sec-fetch-site": "same-site" }],
      [403, "POST", { origin: "http://evil.example" }],
      [403, "POST", { origin: "null" }],
      [403, "GET", { origin: "http://evil.example", connection: "upgrade", upgrade: "websocket" }],
    ] as const)
      assert.equal((await ask(method, headers)).status, status, JSON.stringify([method, headers]));
  });

  test("answers carry the headers, those of a refusal too", async () => {
    for (const headers of [{}, { "sec-fetch-site": "cross-site" }] as Record<string, string>[]) {
      const answer = await ask("POST", headers);
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
      assert.equal(answer.headers["x-frame-options"], "DENY");
      assert.equal(answer.headers["referrer-policy"], "strict-origin-when-cross-origin");
      assert.match(answer.headers["content-security-policy"] as string, /frame-ancestors 'none'/);
      assert.equal(answer.headers["strict-transport-security"], undefined, "in clear text it means nothing");
    }
  });

  test("bodies are bounded, with and without a length, and of one type", async () => {
    const json = { "content-type": "application/json" };
    assert.equal((await ask("POST", json, "12345678")).status, 200);
    assert.equal((await ask("POST", json, "123456789")).status, 413);
    assert.equal((await ask("POST", { ...json, "transfer-encoding": "chunked" }, "12345678")).status, 200);
    assert.equal((await ask("POST", { "content-type": "text/plain" }, "1")).status, 415);
    assert.equal((await ask("POST", {}, "1")).status, 415);
    await using client = await connectRaw(heddle.ports.http);
    client.send(
      "POST / HTTP/1.1\r\nhost: shop.example\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n",
    );
    client.send("5\r\n67890\r\n");
    assert.match(await client.receiveUntil("\r\n\r\n"), /^HTTP\/1\.1 413 /);
  });
});
