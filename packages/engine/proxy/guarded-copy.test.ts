import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault, seededRandom } from "../base/index.ts";
import { buildChain } from "../filter/index.ts";
import type { Filter, Reply } from "../filter/index.ts";
import { copyExchange, LENGTH_UNKNOWN } from "../message/index.ts";
import { deferred, drive, settle, tracing } from "./flow-driver.suite.ts";
import type { Drive } from "./flow-driver.suite.ts";
import { UNSEEN } from "./flow-context.ts";
import { GuardedCopy } from "./index.ts";

const NO: Reply = { status: 403, headers: [], body: "no" };

/** A copy of a request on its way to the cluster of a flow that is over. */
class Rig {
  readonly run: Drive;
  readonly told: string[] = [];
  readonly copy: GuardedCopy;

  constructor(guards: readonly Filter[], bodyLength: number = 0) {
    const run = drive({});
    run.attempt.respond(200, "first");
    // 0 is no time of an exchange's.
    run.clock.advance(1);
    this.run = run;
    const request = run.exchange.request.clone();
    request.bodyLength = bodyLength;
    if (bodyLength !== 0) request.method = "POST";
    const { clock, wheel } = run;
    const context = { clock, wheel, random: seededRandom(1), observer: UNSEEN, shedder: null };
    const exchange = copyExchange(run.exchange, request, clock.now());
    const events = {
      onHead: (head: { status: number }) => void this.told.push(`head ${head.status}`),
      onEnd: (why: string | undefined) => void this.told.push(`end ${why}`),
    };
    this.copy = new GuardedCopy(run.cluster, buildChain(guards, 1), exchange, events, context);
  }

  get attempts() {
    return this.run.cluster.attempts.slice(1);
  }
}

test("a copy that its guards let pass is sent, and answered", async () => {
  const log: string[] = [];
  const { attempts, told, run } = new Rig([tracing("guard", log)]);
  assert.equal(attempts.length, 1);
  attempts[0]!.respond(204, "");
  assert.deepEqual(told, ["head 204", "end undefined"]);
  await settle();
  assert.ok(log.includes("guard.requestHead") && log.includes("guard.end"));
  run.cluster.assertIdle();
});

test("one that they answer never reaches the cluster, at once or after a wait", async () => {
  const refusing: Filter = { name: "no", requestHead: () => NO };
  const throwing: Filter = {
    name: "broken",
    requestHead: () => {
      throw new Error("x");
    },
  };
  for (const guard of [refusing, throwing]) {
    const { attempts, told } = new Rig([guard]);
    assert.deepEqual([attempts.length, told], [0, ["end refused"]], guard.name);
  }
  const wait = deferred<Reply>();
  const rig = new Rig([{ name: "slow", requestHead: () => wait.promise }]);
  assert.deepEqual(rig.told, []);
  wait.resolve(NO);
  await settle();
  assert.deepEqual([rig.attempts.length, rig.told], [0, ["end refused"]]);
});

test("a body waits for the guards, in order, and counts as waiting meanwhile", async () => {
  const wait = deferred<undefined>();
  const rig = new Rig([{ name: "slow", requestHead: () => wait.promise }], LENGTH_UNKNOWN);
  rig.copy.writeBody(Buffer.from("ab"));
  rig.copy.writeBody(Buffer.from("cd"));
  assert.equal(rig.copy.pendingBytes, 4);
  rig.copy.writeEnd();
  wait.resolve(undefined);
  await settle();
  const [attempt] = rig.attempts;
  assert.deepEqual([attempt!.body, attempt!.hasEnded, rig.copy.pendingBytes], ["abcd", true, 0]);
  attempt!.respond(200, "ok");
  assert.deepEqual(rig.told, ["head 200", "end undefined"]);
});

test("a guard of whole bodies has it before the cluster", async () => {
  for (const [text, isGood] of [
    ["good", true],
    ["evil", false],
  ] as const) {
    const whole = (_: unknown, bytes: Uint8Array) =>
      Buffer.from(bytes).toString() === "evil" ? NO : undefined;
    const rig = new Rig(
      [{ name: "body", requestBody: { mode: "buffer", maxBytes: 10, whole } }],
      LENGTH_UNKNOWN,
    );
    rig.copy.writeBody(Buffer.from(text.slice(0, 2)));
    rig.copy.writeBody(Buffer.from(text.slice(2)));
    assert.equal(rig.attempts.length, 0);
    rig.copy.writeEnd();
    await settle();
    assert.equal(rig.attempts.length, isGood ? 1 : 0);
    assert.deepEqual(rig.told, isGood ? [] : ["end refused"]);
    if (isGood) assert.equal(rig.attempts[0]!.body, text);
  }
});

test("a body that is refused on its way is cut short for the cluster", async () => {
  const rig = new Rig(
    [
      {
        name: "body",
        requestBody: {
          mode: "observe",
          chunk: (_, bytes) => (String(bytes).includes("evil") ? NO : undefined),
        },
      },
    ],
    LENGTH_UNKNOWN,
  );
  rig.copy.writeBody(Buffer.from("good"));
  rig.copy.writeBody(Buffer.from("evil"));
  await settle();
  const [attempt] = rig.attempts;
  assert.equal(attempt!.body, "good");
  assert.equal(attempt!.isOver, true);
  assert.equal(attempt!.hasEnded, false);
  assert.deepEqual(rig.told, ["end refused"]);
});

test("a copy that is given up gives its attempt up, and says no more", async () => {
  const rig = new Rig([{ name: "guard", requestHead: () => undefined }], LENGTH_UNKNOWN);
  rig.copy.writeBody(Buffer.from("ab"));
  rig.copy.abort();
  await settle();
  assert.equal(rig.attempts[0]!.isOver, true);
  assert.deepEqual(rig.told, []);
  rig.run.cluster.assertIdle();
});

test("a cluster that cannot be reached is no refusal", async () => {
  const rig = new Rig([{ name: "guard", requestHead: () => undefined }], LENGTH_UNKNOWN);
  rig.copy.writeBody(Buffer.from("ab"));
  rig.attempts[0]!.fail(makeFault("HDL_UPSTREAM_MALFORMED", "no response"));
  await settle();
  assert.deepEqual(rig.told, ["end HDL_UPSTREAM_MALFORMED"]);
});
