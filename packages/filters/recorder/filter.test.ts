import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { ObserveBody } from "@heddle/engine/filter";
import { Fields, ResponseHead } from "@heddle/engine/message";
import { makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { RecorderConfig } from "./config.ts";
import { recorder } from "./filter.ts";

const config: RecorderConfig = {
  cluster: "rec",
  authority: "rec:80",
  path: "/records",
  percent: 100,
  maxBodyBytes: 8,
  maxQueueBytes: 10_000,
  maxBatchRecords: 2,
  intervalMs: 1000,
  timeoutMs: 5000,
  redactHeaders: ["x-mine"],
  redactParameters: ["mine"],
};

interface Line {
  request: { query: string; headers: [string, string][]; body: Record<string, unknown> };
  response: { status: number; headers: [string, string][]; body: Record<string, unknown> } | null;
}

/** A filter whose exchanges are driven one after the other. */
class Rig {
  readonly context = new RecordingContext();
  private readonly filter;
  private readonly slots: number;

  constructor(change: Partial<RecorderConfig> = {}) {
    this.filter = recorder.create({ ...config, ...change }, this.context);
    this.slots = this.context.slotCount;
  }

  pass(options: RequestOptions, response?: ResponseHead, bodies: readonly Uint8Array[] = []): void {
    const exchange = makeExchange(options);
    exchange.slots = Array.from({ length: this.slots });
    this.filter.requestHead!(exchange);
    const phase = this.filter.requestBody as ObserveBody;
    if (phase.concerns!(exchange)) for (const chunk of bodies) phase.chunk(exchange, chunk);
    if (response !== undefined) this.filter.responseHead!(exchange, response);
    this.filter.end!(exchange);
  }

  lines(): Line[] {
    return this.context.calls.flatMap(({ body }) =>
      body
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Line),
    );
  }

  /** The last batch is answered. */
  async answer(status: number): Promise<void> {
    const { events } = this.context.calls.at(-1)!;
    events.onHead?.(new ResponseHead(status, new Fields()));
    events.onEnd?.(undefined);
    await setImmediate();
  }

  count(event: string): number {
    return this.context.events.filter((one) => one === event).length;
  }
}

test("credentials are not recorded", () => {
  const rig = new Rig({ maxBatchRecords: 1 });
  const secret = "s3cret";
  const names = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-amz-signature",
    "client-secret",
    "x-mine",
  ];
  const headers = names.map((name) => [name, secret] as const);
  const url = `https://u:${secret}@x.example/a?token=${secret}&ok=1#${secret}`;
  rig.pass(
    {
      target: `/a?%74oken=${secret}&mine=${secret}&%6dine=${secret}&%zz=${secret}&ok=1&flag`,
      headers: [...headers, ["referer", url], ["accept", "x"]],
    },
    new ResponseHead(
      302,
      Fields.of([
        ["set-cookie", secret],
        ["location", url],
        ["x-session-id", secret],
      ]),
    ),
  );
  const text = rig.context.calls[0]!.body;
  assert.doesNotMatch(text, /s3cret/);
  const [line] = rig.lines();
  assert.equal(line!.request.query, "?%74oken=***&mine=***&%6dine=***&%zz=***&ok=1&flag");
  const seen = new Map(line!.request.headers);
  assert.deepEqual([seen.get("accept"), seen.get("cookie")], ["x", "***"]);
  assert.equal(new Map(line!.response!.headers).get("location"), "https://x.example/a?token=***&ok=1");
  const { request } = rig.context.calls[0]!;
  assert.deepEqual([request.method, request.path, request.authority], ["POST", "/records", "rec:80"]);
  assert.equal(request.fields.get("content-type"), "application/x-ndjson");
});

test("bodies, bounded", () => {
  const rig = new Rig({ maxBatchRecords: 1, maxQueueBytes: 100_000 });
  for (const [chunks, expected] of [
    [[], { bytes: 0, isTruncated: false }],
    [["ab", "cd"], { bytes: 4, text: "abcd", isTruncated: false }],
    [["abcdef", "ghijkl", "m"], { bytes: 13, text: "abcdefgh", isTruncated: true }],
    [["\u00ff"], { bytes: 2, text: "\u00ff", isTruncated: false }],
  ] as const) {
    const other = new Rig({ maxBatchRecords: 1 });
    other.pass(
      { bodyLength: 9 },
      undefined,
      chunks.map((chunk) => Buffer.from(chunk)),
    );
    const [line] = Buffer.from(other.context.calls[0]!.body, "latin1").toString().split("\n");
    assert.deepEqual((JSON.parse(line!) as Line).request.body, expected);
  }
  rig.pass({ bodyLength: 2 }, undefined, [Buffer.from([0xff, 0x00])]);
  assert.deepEqual(rig.lines()[0]!.request.body, { bytes: 2, base64: "/wA=", isTruncated: false });
  assert.equal(rig.lines()[0]!.response, null);
  const without = new Rig({ maxBatchRecords: 1, maxBodyBytes: 0 });
  without.pass({ bodyLength: 2 }, undefined, [Buffer.from("ab")]);
  assert.equal(without.lines()[0]!.request.body, undefined);
});

test("batches: by number, by time, one at a time, and what fails is counted", async () => {
  const rig = new Rig();
  rig.pass({});
  assert.equal(rig.context.calls.length, 0);
  rig.context.clock.advance(1000);
  assert.equal(rig.context.calls.length, 1);
  for (let i = 0; i < 5; i++) rig.pass({});
  rig.context.clock.advance(2000);
  assert.equal(rig.context.calls.length, 1, "one is under way");
  await rig.answer(204);
  assert.equal(rig.context.calls.length, 2);
  await rig.answer(500);
  assert.equal(rig.context.calls.length, 3);
  assert.equal(rig.lines().length, 5);
  rig.context.clock.advance(5000);
  await setImmediate();
  assert.deepEqual([rig.count("sent"), rig.count("failed"), rig.count("recorded")], [1, 2, 6]);
});

test("a recorder that does not answer, or is not there, costs no more than the queue", async () => {
  const rig = new Rig({ maxQueueBytes: 5_000, maxBatchRecords: 1 });
  for (let i = 0; i < 100; i++) rig.pass({ bodyLength: 9 }, undefined, [Buffer.from("12345678")]);
  assert.equal(rig.context.calls.length, 1);
  assert.equal(rig.count("recorded") + rig.count("dropped"), 100);
  assert.ok(rig.count("recorded") < 20);
  const away = new Rig({ maxBatchRecords: 1 });
  away.context.callError = new Error("no such cluster");
  for (let i = 0; i < 50; i++) {
    away.pass({});
    await setImmediate();
  }
  assert.deepEqual([away.count("failed"), away.count("dropped")], [50, 0], "its room comes back");
});

test("a share of requests", () => {
  for (const [percent, from, to] of [
    [0, 0, 0],
    [20, 100, 300],
    [100, 1000, 1000],
  ] as const) {
    const rig = new Rig({ percent, maxQueueBytes: 10_000_000, maxBatchRecords: 10_000 });
    for (let i = 0; i < 1000; i++) rig.pass({});
    const recorded = rig.count("recorded");
    assert.ok(recorded >= from && recorded <= to, `${percent}: ${recorded}`);
  }
});
