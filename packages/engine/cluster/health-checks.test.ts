import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFault, seededRandom, TimerWheel } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { Fields, ResponseHead } from "../message/index.ts";
import type { RequestHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import { encodeMessage } from "../wire/grpc/index.ts";
import { FakeClock } from "@heddle/testkit";
import type { Endpoint } from "./endpoint.ts";
import { HealthChecks } from "./health-checks.ts";
import type { HealthHome } from "./health-checks.ts";

const SPEC = {
  grpc: { service: "shop.Orders" },
  port: 0,
  jitterMs: 20,
  intervalMs: 1_000,
  timeoutMs: 200,
  unhealthyAfter: 3,
  healthyAfter: 2,
};

/** One endpoint whose checks the test answers. */
class Rig implements HealthHome {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly random = seededRandom(5);
  readonly endpoint = { name: "10.0.0.1:1", isHealthy: true } as Endpoint;
  problem = "";
  readonly log: string[] = [];
  head: RequestHead | null = null;
  body: number[] = [];
  asked = 0;
  isFresh = false;
  failed = 0;
  events: UpstreamEvents | null = null;
  openFault: Fault | null = null;
  readonly checks = new HealthChecks(SPEC, this);

  constructor() {
    this.checks.follow([this.endpoint]);
    this.clock.advance(40);
  }

  authorityOf = () => "orders.internal";

  open = (): never => assert.fail("not asked by a request");

  openCall(_endpoint: Endpoint, head: RequestHead, isFresh: boolean, events: UpstreamEvents) {
    this.asked++;
    this.isFresh = isFresh;
    this.head = head;
    this.body = [];
    this.events = events;
    if (this.openFault !== null) return this.openFault;
    const stream: Partial<UpstreamStream> = {
      writeBody: (chunk) => void this.body.push(...chunk),
      writeEnd: () => void this.log.push("asked"),
      flush: () => true,
      reset: (fault) => {
        this.events = null;
        this.log.push(`reset ${fault.code}`);
      },
    };
    return stream as UpstreamStream;
  }

  shadow = () => ({ closeIdle() {} }) as unknown as Endpoint;

  openStream = (): never => assert.fail("not asked by a connection");

  streamClosed = (): void => {};

  onHealth(endpoint: Endpoint, isHealthy: boolean, problem: string): void {
    endpoint.isHealthy = isHealthy;
    this.problem = problem;
    this.log.push(isHealthy ? "healthy" : "unhealthy");
  }

  onChecked(_endpoint: Endpoint, isGood: boolean): void {
    if (!isGood) this.failed++;
  }

  answer(status: number, grpcStatus: string = "0"): void {
    const events = this.events!;
    this.events = null;
    events.onResponseHead(new ResponseHead(200, new Fields(), -1), false);
    events.onResponseBody(encodeMessage(Uint8Array.of(8, status)));
    events.onResponseEnd(Fields.of([["grpc-status", grpcStatus]]));
  }

  /** Until the next check begins. */
  next(): void {
    const { asked } = this;
    for (let i = 0; i < 60 && this.asked === asked; i++) this.clock.advance(20);
  }

  changes(): string[] {
    return this.log.filter((line) => line.endsWith("healthy"));
  }
}

test("a check is a call of grpc.health.v1.Health/Check", () => {
  const rig = new Rig();
  assert.equal(rig.head?.path, "/grpc.health.v1.Health/Check");
  assert.equal(rig.head?.authority, "orders.internal");
  assert.equal(rig.head?.fields.get("content-type"), "application/grpc");
  assert.equal(rig.head?.fields.get("grpc-timeout"), "200000u");
  assert.deepEqual(rig.body.slice(0, 7), [0, 0, 0, 0, 13, 10, 11]);
  assert.equal(Buffer.from(rig.body.slice(7)).toString(), "shop.Orders");
});

test("where a kept-alive connection was closed it is asked once more, on a fresh one", () => {
  const rig = new Rig();
  const stale = makeFault("HDL_UPSTREAM_STALE", "closed");
  assert.equal(rig.isFresh, false);
  rig.events!.onUpstreamReset(stale);
  assert.deepEqual([rig.asked, rig.isFresh, rig.failed], [2, true, 0]);
  rig.answer(1);
  rig.next();
  assert.deepEqual([rig.asked, rig.isFresh], [3, false]);
  rig.events!.onUpstreamReset(stale);
  rig.events!.onUpstreamReset(stale);
  assert.deepEqual([rig.asked, rig.failed], [4, 1]);
});

test("the first answer decides; later ones in a row", () => {
  const rig = new Rig();
  rig.answer(2);
  assert.equal(rig.endpoint.isHealthy, false);
  rig.next();
  rig.answer(1);
  assert.equal(rig.endpoint.isHealthy, false, "one good answer is not enough");
  rig.next();
  rig.answer(1);
  assert.equal(rig.endpoint.isHealthy, true);
  for (const isHealthy of [true, true, false]) {
    rig.next();
    rig.answer(2);
    assert.equal(rig.endpoint.isHealthy, isHealthy);
  }
  assert.deepEqual(rig.changes(), ["unhealthy", "healthy", "unhealthy"]);
  assert.equal(rig.failed, 4);
});

test("what interrupts a row begins it anew", () => {
  const rig = new Rig();
  rig.answer(1);
  for (const status of [2, 2, 1, 2, 2]) {
    rig.next();
    rig.answer(status);
  }
  assert.equal(rig.endpoint.isHealthy, true);
});

test("no answer, a broken one and every other status are failures, each with its reason", () => {
  const failures: [fail: (rig: Rig) => void, problem: string][] = [
    [(rig) => rig.clock.advance(250), "no answer within 200 ms"],
    [(rig) => rig.events!.onUpstreamReset(makeFault("HDL_UPSTREAM_RESET", "scripted")), "scripted"],
    [(rig) => rig.events!.onUpstreamReset(makeFault("HDL_UPSTREAM_RESET", "")), ""],
    [(rig) => rig.answer(0), "UNKNOWN"],
    [(rig) => rig.answer(2), "NOT_SERVING"],
    [(rig) => rig.answer(3), "SERVICE_UNKNOWN"],
    [(rig) => rig.answer(9), "9"],
    [(rig) => rig.answer(1, "14"), "grpc-status 14"],
    [
      (rig) => rig.events!.onResponseHead(new ResponseHead(200, Fields.of([["grpc-status", "12"]])), true),
      "grpc-status 12",
    ],
    [
      (rig) => rig.events!.onResponseHead(new ResponseHead(404, new Fields(), -1), false),
      "status 404, and no gRPC",
    ],
  ];
  for (const [fail, problem] of failures) {
    const rig = new Rig();
    fail(rig);
    assert.equal(rig.endpoint.isHealthy, false, problem);
    assert.equal(rig.problem, problem);
    assert.equal(rig.failed, 1);
    rig.next();
    assert.equal(rig.asked, 2, "and it is asked again");
  }
});

test("an endpoint that cannot be reached is unhealthy", () => {
  const rig = new Rig();
  rig.answer(1);
  rig.openFault = makeFault("HDL_UPSTREAM_OVERFLOW", "scripted");
  for (let i = 0; i < 3; i++) rig.next();
  assert.equal(rig.endpoint.isHealthy, false);
});

test("an endpoint that is gone is asked no more, and leaves nothing behind", () => {
  const rig = new Rig();
  rig.answer(2);
  rig.next();
  rig.checks.follow([]);
  assert.deepEqual(rig.log.slice(-2), ["asked", "reset HDL_DOWNSTREAM_RESET"]);
  const { asked } = rig;
  rig.next();
  assert.equal(rig.asked, asked);
  assert.equal(rig.wheel.size, 0);
});

test("who takes over goes on with what is known: one answer decides nothing", () => {
  const rig = new Rig();
  rig.checks.stop();
  const next = new HealthChecks(SPEC, rig, true);
  next.follow([rig.endpoint]);
  for (const isHealthy of [true, true, false]) {
    rig.next();
    rig.answer(2);
    assert.equal(rig.endpoint.isHealthy, isHealthy);
  }
  next.stop();
  assert.equal(rig.wheel.size, 0);
});
