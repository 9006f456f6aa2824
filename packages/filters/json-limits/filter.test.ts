import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "@heddle/engine/filter";
import { LENGTH_UNKNOWN } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { JsonLimitsConfig } from "./config.ts";
import { jsonLimits } from "./filter.ts";

const config: JsonLimitsConfig = {
  maxBytes: 100,
  maxDepth: 4,
  maxMembers: 10,
  maxItems: 10,
  maxStringBytes: 50,
  maxNameBytes: 20,
  maxNumberBytes: 20,
  allowsDuplicates: false,
  forbiddenNames: ["__proto__"],
  types: ["application/json", "+json"],
};

type Pairs = readonly (readonly [string, string])[];
const json: Pairs = [["content-type", "application/json; charset=utf-8"]];

function send(headers: Pairs, chunks: readonly string[], bodyLength: number = LENGTH_UNKNOWN) {
  const run = new FilterRun(jsonLimits, config, makeExchange({ method: "POST", headers, bodyLength }));
  const reply = run.request() ?? flow(run, chunks);
  return { status: reply?.status, events: run.context.events };
}

function flow(
  { filter, exchange }: FilterRun<JsonLimitsConfig>,
  chunks: readonly string[],
): Reply | undefined {
  const phase = filter.requestBody!;
  if (phase.mode !== "observe" || !phase.concerns!(exchange)) return undefined;
  for (const chunk of chunks) {
    const reply = phase.chunk(exchange, Buffer.from(chunk));
    if (reply !== undefined) return reply;
  }
  return phase.end!(exchange) ?? undefined;
}

test("good JSON passes, what is beyond a bound does not, nor what is none", () => {
  assert.deepEqual(send(json, ['{"a":', "1}"]), { status: undefined, events: [] });
  assert.deepEqual(send(json, ["[[[[[", "]]]]]"]), { status: 400, events: ["too-deep"] });
  assert.deepEqual(send(json, ['{"a":1']), { status: 400, events: ["malformed"] });
  assert.deepEqual(send(json, ['{"__proto__":1}']), { status: 400, events: ["forbidden-name"] });
  assert.deepEqual(send(json, ['"', "x".repeat(40), " ".repeat(60)]).status, 413);
});

test("a length that is known to be too large is refused before the body", () => {
  assert.deepEqual(send(json, [], 101), { status: 413, events: ["too-large"] });
});

test("other types pass as they are, as does a request without a body", () => {
  assert.equal(send([["content-type", "text/plain"]], ["{"]).status, undefined);
  assert.equal(send([], ["{"]).status, undefined);
  assert.equal(send(json, [], 0).status, undefined);
  assert.equal(send([["content-type", "application/ld+json"]], ["{"]).status, 400);
});

test("a body that cannot be looked at is refused", () => {
  assert.equal(send([...json, ["content-encoding", "gzip"]], ["{}"]).status, 415);
  assert.equal(send([...json, ["content-type", "text/plain"]], ["{}"]).status, 400);
  assert.equal(send([["content-type", "text/plain"], ...json], ["{}"]).status, 400);
});
