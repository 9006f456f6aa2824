import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "@heddle/engine/filter";
import { Fields, ResponseHead } from "@heddle/engine/message";
import type { BodyStart, Exchange } from "@heddle/engine/message";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { ExternalAuthorizationConfig, HttpAuthorizationConfig } from "./config.ts";
import { externalAuthorization } from "./filter.ts";
import { MessageWriter } from "./protobuf.ts";

type Pairs = readonly (readonly [string, string])[];

const http: HttpAuthorizationConfig = {
  kind: "http",
  path: "",
  isWholePath: false,
  requestHeaders: ["cookie"],
  toUpstream: ["x-user"],
  toClient: ["x-note"],
};
const config: ExternalAuthorizationConfig = {
  cluster: "authz",
  protocol: http,
  timeoutMs: 1000,
  failureMode: "Deny",
  statusOnError: 403,
  body: null,
  cache: null,
};

class Run {
  readonly context: RecordingContext;
  readonly exchange: Exchange;
  readonly filter: FilterRun<ExternalAuthorizationConfig>["filter"];
  outcome: Reply | undefined | "waiting" = "waiting";

  constructor(
    change: Partial<ExternalAuthorizationConfig>,
    request: RequestOptions = {},
    from: Run | null = null,
    body: BodyStart | null = null,
  ) {
    this.context = from?.context ?? new RecordingContext();
    this.exchange = makeExchange(request);
    if (body !== null) this.exchange.bodySource = { peek: () => Promise.resolve(body) };
    this.filter = from?.filter ?? externalAuthorization.create({ ...config, ...change }, this.context);
    this.exchange.slots = Array.from({ length: this.context.slotCount });
    const result = this.filter.requestHead!(this.exchange);
    if (result instanceof Promise) result.then((reply) => (this.outcome = reply ?? undefined));
    else this.outcome = result ?? undefined;
  }

  get question() {
    return this.context.calls.at(-1)!;
  }

  async answer(status: number, headers: Pairs = [], body: Uint8Array | string = "", trailers: Pairs = []) {
    await settle();
    const { events } = this.question;
    events.onHead?.(new ResponseHead(status, Fields.of(headers)));
    if (body.length > 0) events.onBody?.(Buffer.from(body as string));
    if (trailers.length > 0) events.onTrailers?.(Fields.of(trailers));
    events.onEnd?.(undefined);
    await settle();
    return this.outcome;
  }

  get upstream(): Record<string, string> {
    return Object.fromEntries(this.exchange.request.fields.toPairs());
  }

  response(headers: Pairs = []): [string, string][] {
    const head = new ResponseHead(200, Fields.of(headers));
    this.filter.responseHead!(this.exchange, head);
    return head.fields.toPairs();
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const refused = { status: 403, headers: [], body: "" };

test("the service gets method, path, Host and the chosen headers, and not the client's word for them", async () => {
  const run = new Run(
    { protocol: { ...http, path: "/check" } },
    {
      method: "PUT",
      target: "/a/b?q=1",
      headers: [
        ["authorization", "Bearer t"],
        ["cookie", "s=1"],
        ["x-other", "no"],
        ["x-forwarded-uri", "/open"],
        ["x-user", "admin"],
      ],
    },
  );
  const { request, cluster, state } = run.question;
  assert.equal(cluster, "authz");
  assert.equal(
    `${request.method} ${request.authority} ${request.path}${request.query}`,
    "PUT shop.example /check/a/b?q=1",
  );
  assert.deepEqual(request.fields.toPairs(), [
    ["authorization", "Bearer t"],
    ["cookie", "s=1"],
    ["x-forwarded-method", "PUT"],
    ["x-forwarded-proto", "http"],
    ["x-forwarded-host", "shop.example"],
    ["x-forwarded-uri", "/a/b?q=1"],
  ]);
  assert.equal(request.bodyLength, 0);
  assert.equal(state, "writing");
  await run.answer(200);
});

test("what allows gives the chosen headers to the upstream and to the client, and no others", async () => {
  const run = new Run({}, { headers: [["x-user", "admin"]] });
  assert.equal(
    await run.answer(204, [
      ["x-user", "bob"],
      ["x-note", "hi"],
      ["x-else", "1"],
      ["content-type", "a/b"],
    ]),
    undefined,
  );
  assert.deepEqual(run.upstream, { "x-user": "bob" });
  assert.deepEqual(run.response([["x-note", "theirs"]]), [["x-note", "hi"]]);
  assert.deepEqual(run.context.events, ["allowed"]);
});

test("a header that the service may set and does not is not the client's to set", async () => {
  const run = new Run({}, { headers: [["x-user", "admin"]] });
  assert.equal(await run.answer(200), undefined);
  assert.deepEqual(run.upstream, {});
});

test("all headers of the answer: not those of its body, and never those that frame", async () => {
  const run = new Run({ protocol: { ...http, toUpstream: null } }, { headers: [["accept", "a/b"]] });
  const headers: Pairs = [
    ["x-a", "1"],
    ["x-a", "2"],
    ["content-type", "t/x"],
    ["set-cookie", "a=b"],
    ["content-length", "0"],
  ];
  await run.answer(200, headers);
  assert.deepEqual(run.exchange.request.fields.toPairs(), [
    ["accept", "a/b"],
    ["x-a", "1"],
    ["x-a", "2"],
  ]);
});

test("3xx and 4xx are the client's answer, whole", async () => {
  for (const status of [302, 401, 403, 404, 429]) {
    const run = new Run({});
    const reply = (await run.answer(
      status,
      [
        ["location", "/login"],
        ["set-cookie", "a=b"],
        ["content-length", "4"],
      ],
      "who?",
    )) as Reply;
    assert.equal(reply.status, status);
    assert.deepEqual(reply.headers, [
      ["location", "/login"],
      ["set-cookie", "a=b"],
    ]);
    assert.equal(Buffer.from(reply.body).toString(), "who?");
  }
});

test("without a verdict nobody is let in", async () => {
  for (const status of [500, 503, 599]) assert.deepEqual(await new Run({}).answer(status), refused);
  const cut = new Run({});
  cut.question.events.onEnd?.("HDL_UPSTREAM_RESET");
  await settle();
  assert.deepEqual(cut.outcome, refused);
  const late = new Run({ statusOnError: 503 });
  late.context.clock.advance(999);
  await settle();
  assert.equal(late.outcome, "waiting");
  late.context.clock.advance(1);
  await settle();
  assert.deepEqual(late.outcome, { ...refused, status: 503 });
  assert.equal(late.question.state, "aborted");
  assert.deepEqual(late.context.events, ["timeout"]);
  const long = new Run({});
  assert.deepEqual(await long.answer(403, [], Buffer.alloc(1_048_577)), refused);
});

test("failureMode Allow lets requests through without a verdict, without what only the service may say", async () => {
  const run = new Run({ failureMode: "Allow" }, { headers: [["x-user", "admin"]] });
  assert.equal(await run.answer(503), undefined);
  assert.deepEqual(run.upstream, {});
  assert.deepEqual(run.context.events, ["failed", "let-through"]);
});

test("a client that goes away ends the question", async () => {
  const run = new Run({});
  run.exchange.markEnded(1);
  await settle();
  assert.equal(run.question.state, "aborted");
  assert.equal(run.outcome, undefined);
  assert.equal(run.context.clock.pendingTimers, 0);
});

const key = [{ part: "path" }, { part: "header", name: "authorization" }] as const;
const cache = { key, ttlMs: 100, maxEntries: 2 };

test("a verdict is kept by its key alone, for its time, and within the bound", async () => {
  const bob: RequestOptions = { target: "/a", headers: [["authorization", "bob"]] };
  const first = new Run({ cache }, bob);
  await first.answer(200, [["x-user", "bob"]]);
  const again = new Run({}, { ...bob, method: "POST" }, first);
  assert.equal(again.outcome, undefined);
  assert.deepEqual(again.upstream["x-user"], "bob");
  assert.equal(first.context.calls.length, 1);
  for (const other of [
    { ...bob, target: "/b" },
    { ...bob, headers: [["authorization", "eve"]] } as RequestOptions,
  ]) {
    const asked = new Run({}, other, first);
    assert.equal(asked.outcome, "waiting");
    await asked.answer(403);
  }
  assert.equal(first.context.calls.length, 3);
  // Two others came: the first is gone.
  assert.equal(new Run({}, bob, first).outcome, "waiting");
  const denied = new Run({}, { ...bob, target: "/b" }, first);
  assert.equal((denied.outcome as Reply).status, 403);
  first.context.clock.advance(101);
  assert.equal(new Run({}, { ...bob, target: "/b" }, first).outcome, "waiting");
});

test("repeated headers are another key than one of both values", async () => {
  const first = new Run(
    { cache },
    {
      headers: [
        ["authorization", "a"],
        ["authorization", "b"],
      ],
    },
  );
  await first.answer(200);
  assert.equal(new Run({}, { headers: [["authorization", "a,b"]] }, first).outcome, "waiting");
  assert.equal(new Run({}, { headers: [["authorization", "a"]] }, first).outcome, "waiting");
});

test("what failed, and what sets a cookie, is not kept", async () => {
  const first = new Run({ cache });
  await first.answer(500);
  const second = new Run({}, {}, first);
  assert.equal(second.outcome, "waiting");
  await second.answer(401, [["set-cookie", "a=b"]]);
  assert.equal(new Run({}, {}, first).outcome, "waiting");
});

test("a body goes along; a longer one gets 413, or its beginning goes", async () => {
  const request: RequestOptions = { method: "POST", bodyLength: 4, headers: [["content-type", "t/x"]] };
  const bytes = Buffer.from("ping");
  const whole = new Run({ body: { maxBytes: 8, longer: "deny" } }, request, null, { bytes, isWhole: true });
  await settle();
  assert.equal(whole.question.body, "ping");
  assert.equal(whole.question.state, "whole");
  assert.equal(whole.question.request.fields.get("content-length"), "4");
  assert.equal(whole.question.request.fields.get("content-type"), "t/x");
  const cut = new Run({ body: { maxBytes: 4, longer: "truncate" } }, request, null, {
    bytes,
    isWhole: false,
  });
  await settle();
  assert.equal(cut.question.body, "ping");
  const long = new Run({ body: { maxBytes: 4, longer: "deny" } }, request, null, { bytes, isWhole: false });
  await settle();
  assert.equal((long.outcome as Reply).status, 413);
  assert.equal(long.context.calls.length, 0);
});

// gRPC

const grpc = {
  ...config,
  protocol: { kind: "grpc", authority: "authz:9000", requestHeaders: null, contextExtensions: [] },
} as const;
const OK: Pairs = [["grpc-status", "0"]];

function framed(message: MessageWriter): Buffer {
  const bytes = message.toBytes();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}
const status = (code: number) => new MessageWriter().varint(1, code);
const option = (name: string, value: string, more = new MessageWriter()) =>
  Buffer.concat([
    new MessageWriter().message(1, new MessageWriter().text(1, name).text(2, value)).toBytes(),
    more.toBytes(),
  ]);

test("a call is made as the protocol says", async () => {
  const run = new Run(grpc, { target: "/x" });
  const { request, body, state } = run.question;
  assert.equal(
    `${request.method} ${request.authority} ${request.path}`,
    "POST authz:9000 /envoy.service.auth.v3.Authorization/Check",
  );
  assert.equal(request.fields.get("content-type"), "application/grpc");
  assert.equal(request.fields.get("grpc-timeout"), "1000m");
  assert.ok(request.acceptsTrailers);
  assert.equal(state, "whole");
  assert.equal(body.charCodeAt(0), 0);
  assert.equal(Buffer.from(body, "latin1").readUInt32BE(1), body.length - 5);
});

test("OK allows and changes the request as it says, a code denies", async () => {
  const ok = new MessageWriter()
    .bytes(2, option("X-User", "bob"))
    .bytes(2, option("x-more", "2", new MessageWriter().message(2, new MessageWriter().varint(1, 1))))
    .bytes(2, option(":path", "/other"))
    .bytes(2, option("host", "other"))
    .text(5, "Authorization")
    .text(5, "host")
    .bytes(6, option("x-note", "hi"))
    .message(7, new MessageWriter().text(1, "a").text(2, "1&2"))
    .text(8, "b c");
  const headers: Pairs = [
    ["x-user", "admin"],
    ["x-more", "1"],
    ["authorization", "s"],
  ];
  const run = new Run(grpc, { target: "/x?a=0&b+c=1&d=%zz", headers });
  assert.equal(
    await run.answer(200, [], framed(new MessageWriter().message(1, status(0)).message(3, ok)), OK),
    undefined,
  );
  assert.deepEqual(run.exchange.request.fields.toPairs(), [
    ["x-more", "1"],
    ["x-user", "bob"],
    ["x-more", "2"],
  ]);
  assert.equal(run.exchange.request.path, "/x");
  assert.equal(run.exchange.request.query, "?d=%zz&a=1%262");
  assert.deepEqual(run.response([["x-note", "own"]]), [
    ["x-note", "own"],
    ["x-note", "hi"],
  ]);

  const denied = new MessageWriter()
    .message(1, status(401))
    .bytes(2, option("x-why", "no"))
    .text(3, "go away");
  const no = new Run(grpc);
  assert.deepEqual(
    await no.answer(200, [], framed(new MessageWriter().message(1, status(16)).message(2, denied)), OK),
    {
      status: 401,
      headers: [["x-why", "no"]],
      body: "go away",
    },
  );
  assert.deepEqual(
    await new Run(grpc).answer(200, [], framed(new MessageWriter().message(1, status(7))), OK),
    refused,
  );
});

test("what a gRPC service sets or removes is no client's to say in a trailer", async () => {
  const run = new Run(grpc);
  const ok = new MessageWriter()
    .bytes(2, option("X-User", "bob"))
    .text(5, "X-Gone")
    .bytes(6, option("x-note", "1"));
  await run.answer(200, [], framed(new MessageWriter().message(1, status(0)).message(3, ok)), OK);
  const trailers = Fields.of(["x-user", "x-gone", "x-note", "x-own"].map((name) => [name, "admin"] as const));
  run.filter.requestTrailers!(run.exchange, trailers);
  assert.deepEqual(trailers.toPairs().flat(), ["x-note", "admin", "x-own", "admin"]);
  const asked = new Run(grpc);
  asked.filter.requestTrailers!(asked.exchange, Fields.of([["x-user", "admin"]]));
  await asked.answer(200, [], framed(new MessageWriter().message(1, status(7))), OK);
});

test("an error of a gRPC service is no verdict", async () => {
  const error = framed(new MessageWriter().message(5, new MessageWriter()));
  assert.deepEqual(await new Run(grpc).answer(200, [], error, OK), refused);
  assert.equal(await new Run({ ...grpc, failureMode: "Allow" }).answer(200, [], error, OK), undefined);
});

test("what is no answer of the protocol denies, also where failures are let through", async () => {
  const bad = new MessageWriter().bytes(2, option("x-a", "1\r\nx-b: 2"));
  const cases: Buffer[] = [
    Buffer.alloc(0),
    Buffer.from([0, 0, 0, 0, 9, 1]),
    Buffer.from([1, 0, 0, 0, 0]),
    Buffer.from([0, 0, 0, 0, 2, 0x0a, 0x7f]),
    Buffer.from([0, 0, 0, 0, 1, 0x07]),
    framed(new MessageWriter().message(1, status(0)).message(3, bad)),
    framed(
      new MessageWriter().message(1, status(0)).message(3, new MessageWriter().bytes(2, option("x a", "1"))),
    ),
    framed(new MessageWriter().bytes(1, Buffer.from([0xff]))),
  ];
  for (const [at, body] of cases.entries()) {
    const run = new Run({ ...grpc, failureMode: "Allow" });
    assert.deepEqual(await run.answer(200, [], body, OK), refused, `case ${at}`);
  }
});

test("a status of the call but OK is no verdict, wherever it stands", async () => {
  const allow = framed(new MessageWriter().message(1, status(0)));
  assert.deepEqual(await new Run(grpc).answer(200, [], allow, [["grpc-status", "14"]]), refused);
  assert.deepEqual(await new Run(grpc).answer(200, [], allow), refused);
  assert.deepEqual(await new Run(grpc).answer(200, [["grpc-status", "12"]]), refused);
  assert.deepEqual(await new Run(grpc).answer(404, [["grpc-status", "0"]], allow), refused);
  assert.equal(
    await new Run({ ...grpc, failureMode: "Allow" }).answer(200, [["grpc-status", "14"]]),
    undefined,
  );
});
