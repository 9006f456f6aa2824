import assert from "node:assert/strict";
import { test } from "node:test";
import { drive } from "./flow-driver.suite.ts";
import type { DriveOptions } from "./flow-driver.suite.ts";

const IMF_FIXDATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

test("a response without a date gets one, a date that is there stays (RFC 9110 section 6.6.1)", () => {
  const undated = drive({});
  undated.attempt.respond(200, "ok");
  assert.match(undated.sink.head!.fields.get("date")!, IMF_FIXDATE);
  const dated = drive({});
  dated.attempt.respond(200, "ok", [["date", "Sun, 06 Nov 1994 08:49:37 GMT"]]);
  assert.deepEqual(dated.sink.head!.fields.getAll("date"), ["Sun, 06 Nov 1994 08:49:37 GMT"]);
});

test("what is answered here has a date: a fault, a filter's reply, one that replaces a response", () => {
  const reply = { status: 302, headers: [["location", "/x"]] as [string, string][], body: "" };
  const replaced = drive({ filters: [{ name: "f", responseHead: () => reply }] });
  replaced.attempt.respond(200, "ok");
  for (const run of [
    drive({ hasRoute: false }),
    drive({ filters: [{ name: "f", requestHead: () => reply }] }),
    replaced,
  ]) {
    assert.match(run.sink.head!.fields.get("date")!, IMF_FIXDATE);
    run.assertOver();
  }
});

test("a filter may take the date away", () => {
  const responseHead: NonNullable<DriveOptions["filters"]>[0]["responseHead"] = (_exchange, head) =>
    void head.fields.delete("date");
  const run = drive({ filters: [{ name: "f", responseHead }] });
  run.attempt.respond(200, "ok");
  assert.equal(run.sink.head!.fields.has("date"), false);
});

test("OPTIONS and TRACE go one hop less far than Max-Forwards says (RFC 9110 section 7.6.2)", () => {
  for (const method of ["OPTIONS", "TRACE"]) {
    const run = drive({ method, headers: [["max-forwards", "3"]] });
    assert.equal(run.attempt.head.fields.get("max-forwards"), "2");
    run.attempt.answerWhole(200);
    run.assertOver();
  }
});

test("OPTIONS and TRACE whose Max-Forwards is 0 are answered here", () => {
  for (const [method, status] of [
    ["OPTIONS", 204],
    ["TRACE", 405],
  ] as const) {
    const run = drive({ method, headers: [["max-forwards", "0"]] });
    assert.equal(run.attempts.length, 0);
    assert.equal(run.sink.head?.status, status);
    assert.equal(run.sink.head.fields.get("allow"), "OPTIONS");
    run.assertOver();
  }
});

test("Max-Forwards of another method, or that is no number, is nobody's business", () => {
  for (const [method, value] of [
    ["GET", "0"],
    ["OPTIONS", "-1"],
    ["OPTIONS", "1, 2"],
  ] as const) {
    const run = drive({ method, headers: [["max-forwards", value]] });
    assert.equal(run.attempt.head.fields.get("max-forwards"), value);
    run.attempt.answerWhole(200);
    run.assertOver();
  }
});
