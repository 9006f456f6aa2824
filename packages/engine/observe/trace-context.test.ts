import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NAME } from "../message/index.ts";
import { sampleRecord } from "./sample-exchange.suite.ts";
import { parseTraceparent, parseTracestate, traceExchange } from "./trace-context.ts";
import { TraceIds } from "./trace-ids.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("parseTraceparent", () => {
  it("reads the ids and the sampled flag", () => {
    assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), {
      traceId: TRACE,
      parentId: SPAN,
      isSampled: true,
    });
  });

  it("reads the lowest bit of the flags only", () => {
    for (const [flags, isSampled] of [
      ["00", false],
      ["01", true],
      ["02", false],
      ["09", true],
      ["0a", false],
      ["0b", true],
      ["fe", false],
      ["ff", true],
    ] as const) {
      assert.equal(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)!.isSampled, isSampled, flags);
    }
  });

  it("reads a later version, longer ones too", () => {
    for (const value of [`01-${TRACE}-${SPAN}-01`, `cc-${TRACE}-${SPAN}-01-what-the-future-brings`]) {
      assert.equal(parseTraceparent(value)?.traceId, TRACE, value);
    }
  });

  for (const value of [
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01-x`,
    `00-${TRACE}-${SPAN}-01 `,
    ` 00-${TRACE}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01.x`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `0A-${TRACE}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-0g`,
    `00-${TRACE}${SPAN}--01`,
    `00_${TRACE}-${SPAN}-01`,
  ]) {
    it(`refuses "${value}"`, () => assert.equal(parseTraceparent(value), null));
  }
});

describe("parseTracestate", () => {
  for (const [value, passed] of [
    ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"],
    ["a=1 , ,b=2,\t", "a=1,b=2"],
    ["fw529a3039@dt=FfSs", "fw529a3039@dt=FfSs"],
    ["0tenant@sys=x", "0tenant@sys=x"],
    ["a=with space inside", "a=with space inside"],
    ["", ""],
    ["a", ""],
    ["=1", ""],
    ["a=", ""],
    ["A=1", ""],
    ["a=1=2", ""],
    ["a=1,a=2", ""],
    ["0a=1", ""],
    ["a=\u00e9", ""],
    [`${"k".repeat(257)}=1`, ""],
    [`k=${"v".repeat(257)}`, ""],
    [Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(","), ""],
  ]) {
    it(`makes "${passed.slice(0, 40)}" of "${value.slice(0, 40)}"`, () =>
      assert.equal(parseTracestate(value), passed));
  }
});

describe("traceExchange", () => {
  const ids = () => new TraceIds(Uint32Array.of(1, 2, 3, 4));

  const trace = (headers: [string, string][], startSampled?: boolean) => {
    const { exchange } = sampleRecord({ headers });
    traceExchange(exchange, ids(), startSampled);
    return { exchange, fields: exchange.request.fields };
  };

  it("continues a trace with a span of its own", () => {
    const { exchange, fields } = trace([
      ["traceparent", `00-${TRACE}-${SPAN}-00`],
      ["tracestate", "a=1"],
      ["tracestate", "b=2"],
    ]);
    assert.equal(exchange.traceId, TRACE);
    assert.match(exchange.spanId, /^[0-9a-f]{16}$/);
    assert.notEqual(exchange.spanId, SPAN);
    assert.deepEqual(fields.toPairs(), [
      ["traceparent", `00-${TRACE}-${exchange.spanId}-00`],
      ["tracestate", "a=1,b=2"],
    ]);
  });

  it("starts a trace where there is none, sampled unless told otherwise", () => {
    const { exchange, fields } = trace([]);
    assert.deepEqual(fields.toPairs(), [["traceparent", `00-${exchange.traceId}-${exchange.spanId}-01`]]);
    assert.ok(parseTraceparent(fields.get("traceparent")!) !== null);
    assert.ok(trace([], false).fields.get("traceparent")!.endsWith("-00"));
  });

  it("replaces what is not valid, and drops its tracestate", () => {
    const { exchange, fields } = trace([
      ["traceparent", `00-${TRACE}-${SPAN}-zz`],
      ["tracestate", "a=1"],
    ]);
    assert.notEqual(exchange.traceId, TRACE);
    assert.deepEqual(
      fields.toPairs().map(([name]) => name),
      ["traceparent"],
    );
  });

  it("trusts neither of two traceparents", () => {
    const { exchange, fields } = trace([
      ["traceparent", `00-${TRACE}-${SPAN}-01`],
      ["traceparent", `00-${TRACE}-${SPAN}-01`],
    ]);
    assert.notEqual(exchange.traceId, TRACE);
    assert.equal(fields.getAll("traceparent").length, 1);
  });

  it("keeps a valid traceparent when only the tracestate is broken", () => {
    const { exchange, fields } = trace([
      ["traceparent", `00-${TRACE}-${SPAN}-01`],
      ["tracestate", "not valid"],
    ]);
    assert.equal(exchange.traceId, TRACE);
    assert.ok(!fields.has("tracestate"));
  });

  it("finds the traceparent in a parsed head, and removes it there", () => {
    const { exchange } = sampleRecord();
    const { fields } = exchange.request;
    fields.text = `TraceParent: 00-${TRACE}-${SPAN}-01\r\nx: y\r\n`;
    fields.spans = [NAME.TRACEPARENT, 0, 11, 13, 68, 0, 70, 71, 73, 74];
    traceExchange(exchange, ids());
    assert.equal(exchange.traceId, TRACE);
    assert.deepEqual(fields.toPairs(), [
      ["x", "y"],
      ["traceparent", `00-${TRACE}-${exchange.spanId}-01`],
    ]);
  });
});

describe("TraceIds", () => {
  it("gives ids of the right shape that do not repeat", () => {
    const source = ids20k();
    assert.equal(new Set(source.spans).size, source.spans.length);
    assert.equal(new Set(source.traces).size, source.traces.length);
    for (const id of source.spans) assert.match(id, /^[0-9a-f]{16}$/);
    for (const id of source.traces) assert.match(id, /^[0-9a-f]{32}$/);
  });

  it("differs by its seed", () => {
    assert.notEqual(
      new TraceIds(Uint32Array.of(1, 2, 3, 5)).traceId(),
      new TraceIds(Uint32Array.of(9, 2, 3, 5)).traceId(),
    );
  });

  it("refuses a seed that gives zeros only", () => {
    assert.throws(() => new TraceIds(new Uint32Array(4)), RangeError);
    assert.throws(() => new TraceIds(Uint32Array.of(1)), RangeError);
  });

  function ids20k() {
    const ids = new TraceIds(Uint32Array.of(0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x2545f491));
    const traces: string[] = [];
    const spans: string[] = [];
    for (let i = 0; i < 10_000; i++) {
      traces.push(ids.traceId());
      spans.push(ids.spanId());
    }
    return { traces, spans };
  }
});
