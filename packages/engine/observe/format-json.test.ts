import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { makeFault } from "../base/index.ts";
import { AccessRecord } from "./access-record.ts";
import { formatJson } from "./format-json.ts";
import { sampleRecord } from "./sample-exchange.suite.ts";

const COMMON =
  '{"time":"2026-01-31T09:05:07.042Z","client":"192.0.2.7","protocol":"HTTP/1.1","method":"GET",' +
  '"authority":"shop.test","path":"/cart/7"';
const MATCHED = ',"listener":"shop/web/http","route":"shop/cart","rule":"0"';

describe("formatJson", () => {
  it("writes what a plain exchange has", () => {
    assert.equal(
      formatJson(sampleRecord(), "none"),
      `${COMMON},"status":200,"durationMs":3.500,"requestBytes":5,"responseBytes":110${MATCHED}` +
        ',"service":"service/shop/cart/80","endpoint":"[::1]:4001","attempts":1,"upstreamMs":2.250}',
    );
  });

  it("writes everything that a record can have", () => {
    const tls = {
      version: "TLSv1.3",
      cipher: "TLS_AES_128_GCM_SHA256",
      serverName: "shop.test",
      alpn: "h2",
      isResumed: true,
    };
    const headers = [
      ["user-agent", "curl/8.5.0"],
      ["referer", "https://a.test/x?y=1"],
    ] as const;
    const record = sampleRecord({ query: "?q=1&api_key=hush", headers, tls });
    const { exchange } = record;
    exchange.fault = makeFault("HDL_UPSTREAM_BODY_CUT_SHORT", "the body ended early");
    exchange.grpcStatus = 14;
    exchange.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    exchange.principal = { subject: "mallory", issuer: "", method: "jwt", claims: {} };
    record.peerIdentity = "spiffe://heddle.local/ns/shop/sa/web";
    record.operation = "getCart";
    record.consumer = "acme";
    record.credential = "key-1";
    record.plan = "free";
    assert.equal(
      formatJson(record, "redacted"),
      `${COMMON},"query":"?q=1&api_key=***","status":200,"durationMs":3.500,"requestBytes":5,"responseBytes":110` +
        `${MATCHED},"service":"service/shop/cart/80","endpoint":"[::1]:4001","attempts":1,"upstreamMs":2.250` +
        ',"fault":"HDL_UPSTREAM_BODY_CUT_SHORT","grpcStatus":14' +
        ',"peer":"spiffe://heddle.local/ns/shop/sa/web","principal":"mallory","operation":"getCart"' +
        ',"consumer":"acme","credential":"key-1","plan":"free"' +
        ',"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"' +
        ',"tls":{"version":"TLSv1.3","cipher":"TLS_AES_128_GCM_SHA256","serverName":"shop.test","resumed":true}' +
        ',"referer":"https://a.test/x?y=1","userAgent":"curl/8.5.0"}',
    );
  });

  it("leaves out what an exchange without a route has not, and says the status that its fault stands for", () => {
    const record = sampleRecord();
    const { exchange } = record;
    exchange.match = { listener: "", listenerIndex: -1, route: "", rule: "", routeIndex: -1 };
    exchange.response = null;
    exchange.fault = makeFault("HDL_DOWNSTREAM_RESET", "the client is gone");
    exchange.cluster = "";
    exchange.responseHeadMs = 0;
    assert.equal(
      formatJson(record, "none"),
      `${COMMON},"status":499,"durationMs":3.500,"requestBytes":5,"responseBytes":110,"fault":"HDL_DOWNSTREAM_RESET"}`,
    );
  });

  it("does not keep the texts of another route, service or attempt under the same index", () => {
    const first = sampleRecord();
    formatJson(first, "none");
    const second = sampleRecord();
    second.exchange.match = { ...second.exchange.match, route: "shop/other", rule: "canary" };
    second.exchange.cluster = "backend/shop/other";
    second.exchange.attempts = 3;
    const { route, rule, service, attempts } = JSON.parse(formatJson(second, "none")) as Record<
      string,
      unknown
    >;
    assert.deepEqual([route, rule, service, attempts], ["shop/other", "canary", "backend/shop/other", 3]);
  });

  it("writes durations with microseconds, and none below 0", () => {
    for (const [ms, text] of [
      [0, "0.000"],
      [0.0004, "0.000"],
      [0.0016, "0.002"],
      [0.9996, "1.000"],
      [59_999.9994, "59999.999"],
      [86_400_000, "86400000.000"],
      [-0.3, "0.000"],
    ] as const) {
      const record = sampleRecord();
      record.exchange.endedMs = record.exchange.startedMs + ms;
      const line = formatJson(new AccessRecord(record.exchange, record.startedWallMs + ms), "none");
      assert.ok(line.includes(`"durationMs":${text},`), `${ms}: ${line}`);
    }
  });

  it("never logs a header that carries a secret, nor a referer's query or user information", () => {
    const canary = "c4n4ry";
    const headers = [
      ["authorization", `Bearer ${canary}`],
      ["cookie", `session=${canary}`],
      ["proxy-authorization", canary],
      ["x-api-key", canary],
      ["referer", `https://user:${canary}@a.test/x?token=${canary}`],
    ] as const;
    const record = sampleRecord({ query: `?access_token=${canary}&%70assword=${canary}`, headers });
    for (const query of ["none", "redacted"] as const) {
      assert.ok(!formatJson(record, query).includes(canary), formatJson(record, query));
    }
  });

  it("is one line of printable ASCII that parses, whatever bytes a client sends (seed 39)", () => {
    const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)) });
    fc.assert(
      fc.property(bytes, bytes, bytes, bytes, bytes, (path, userAgent, referer, authority, serverName) => {
        const tls = { version: "TLSv1.3", cipher: "X", serverName, alpn: "", isResumed: false };
        const headers = [
          ["user-agent", userAgent],
          ["referer", referer],
        ] as const;
        const record = sampleRecord({ path, query: `?${path}`, authority, method: serverName, headers, tls });
        const line = formatJson(record, "redacted");
        assert.match(line, /^[ -~]*$/);
        const parsed = JSON.parse(line) as { path: string; userAgent: string; tls: { serverName: string } };
        assert.equal(parsed.path, path);
        assert.equal(parsed.userAgent, userAgent);
        assert.equal(parsed.tls.serverName, serverName);
      }),
      { seed: 39, numRuns: 300 },
    );
  });

  it("is shorter than what a pipe takes in one piece, whatever a client sends", () => {
    for (const text of [
      "a".repeat(60_000),
      '"'.repeat(60_000),
      "\u0000".repeat(60_000),
      "é".repeat(60_000),
    ]) {
      const tls = { version: "TLSv1.3", cipher: "X", serverName: text, alpn: "", isResumed: false };
      const headers = [
        ["user-agent", text],
        ["referer", text],
      ] as const;
      const line = formatJson(
        sampleRecord({ path: text, query: `?${text}`, authority: text, headers, tls }),
        "redacted",
      );
      assert.ok(line.length < 4_096, `${line.length}`);
      assert.ok((JSON.parse(line) as { path: string }).path.endsWith("..."));
    }
  });
});
