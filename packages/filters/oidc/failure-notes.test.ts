import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordingContext } from "../filter-run.suite.ts";
import { FailureNotes } from "./failure-notes.ts";
import type { LoginFailure } from "./failure-notes.ts";

function setUp() {
  const context = new RecordingContext();
  const failures = new FailureNotes(context);
  const notes = (): LoginFailure[] =>
    context.notes.map(([topic, text]) => {
      assert.equal(topic, "login-failure");
      return JSON.parse(text) as LoginFailure;
    });
  return { context, failures, notes };
}

test("what a provider failed at is told with its causes, and with nothing that it sent", () => {
  const { context, failures, notes } = setUp();
  const refused = Object.assign(new Error("server responded with an error"), {
    error: "invalid_client",
    error_description: "secret s3cret is wrong",
    cause: { access_token: "t0ken" },
  });
  failures.take("provider-failed", "corp", new Error("discovery failed", { cause: refused }));
  assert.deepEqual(notes(), [
    {
      place: context.place,
      provider: "corp",
      what: "provider-failed",
      cause: "discovery failed: server responded with an error (invalid_client)",
    },
  ]);
  assert.deepEqual(context.events, ["provider-failed"]);
});

test("lines of a log stay lines: what is no plain text is not passed on, and no more than some of it", () => {
  const { failures, notes } = setUp();
  const odd = Object.assign(new Error(`a\nb\u001b[31m${"c".repeat(1_000)}`), { error: "x\ny" });
  failures.take("login-failed", "corp", odd);
  const [{ cause }] = notes() as [LoginFailure];
  assert.ok(cause.startsWith("a?b?[31mccc"));
  assert.equal(cause.length, 300);
});

test("each kind at each provider is told once in ten seconds, and counted each time", () => {
  const { context, failures, notes } = setUp();
  const again = () => failures.take("refresh-failed", "corp", new Error("away"));
  again();
  again();
  failures.take("refresh-failed", "other", new Error("away"));
  failures.take("login-failed", "corp", new Error("away"));
  assert.equal(notes().length, 3);
  context.clock.advance(9_999);
  again();
  assert.equal(notes().length, 3);
  context.clock.advance(1);
  again();
  assert.equal(notes().length, 4);
  assert.equal(context.events.length, 6);
});
