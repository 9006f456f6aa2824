import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Fields, LENGTH_UNKNOWN, ResponseHead } from "@heddle/engine/message";
import { makeSharedTableMemory, SharedTable } from "@heddle/engine/shared";
import { FakeClock } from "@heddle/testkit";
import { makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { HmacConfig } from "./config.ts";
import { hmac } from "./filter.ts";

const nowSeconds = 1_700_000_000;
const body = { type: "body" } as const;
const github: HmacConfig = {
  secrets: "hmac/test",
  subject: "github",
  header: "x-hub-signature-256",
  prefix: "sha256=",
  encoding: "hex",
  hash: "sha256",
  content: [body],
  timestamp: null,
  maxAgeMs: 300_000,
  refusesReplays: false,
  maxBodyBytes: 1000,
};
const stripe: HmacConfig = {
  ...github,
  subject: "stripe",
  header: "stripe-signature",
  prefix: "v1=",
  content: [{ type: "timestamp" }, { type: "text", value: "." }, body],
  timestamp: { header: "stripe-signature", prefix: "t=" },
};
const secret = "It's a Secret to Everybody";

interface Options extends RequestOptions {
  readonly sent?: string;
  readonly secrets?: readonly string[];
  /** Of requests that came before. */
  readonly context?: RecordingContext;
}

function makeContext(): RecordingContext {
  const clock = new FakeClock(nowSeconds * 1000);
  const shared = new SharedTable(makeSharedTableMemory(1024, 1, [1, 2]), 0, clock, 0);
  return Object.assign(new RecordingContext(), { clock, shared });
}

/** "good", or what was counted. */
function verdict(
  config: HmacConfig,
  headers: readonly (readonly [string, string])[],
  options: Options = {},
): string {
  const { sent = "Hello, World!", secrets = [secret], context = makeContext() } = options;
  context.events.length = 0;
  context.data(config.secrets).set({ secrets: secrets.map((one) => Buffer.from(one).toString("base64")) });
  const filter = hmac.create(config, context);
  const exchange = makeExchange({ method: "POST", bodyLength: sent.length, ...options, headers });
  exchange.slots = Array.from({ length: context.slotCount });
  assert.equal(filter.requestHead!(exchange), undefined);
  const { principal, rejection, challenges } = exchange.credentials!;
  if (principal === null) return rejection === "" ? challenges[0]! : context.events[0]!;
  assert.equal(principal.subject, config.subject);
  const phase = filter.requestBody;
  const reply = phase?.mode === "buffer" ? phase.whole(exchange, Buffer.from(sent)) : undefined;
  if (reply === undefined) return "good";
  assert.equal((reply as { status: number }).status, 401);
  return `body: ${context.events[0]}`;
}

const mac = (text: string, by: string = secret) => createHmac("sha256", by).update(text).digest("hex");
const hub = (value: string) => [["x-hub-signature-256", value]] as const;
// GitHub's documentation gives it for that secret and "Hello, World!".
const documented = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

test("the signature that GitHub documents", () => {
  assert.equal(verdict(github, hub(`sha256=${documented}`)), "good");
  assert.equal(verdict(github, hub(`sha256=${documented.toUpperCase()}`)), "good");
});

test("forged and malformed signatures are refused, at once or with the body", () => {
  for (const [value, expected] of [
    [`sha256=${documented.replace("7", "8")}`, "body: bad-signature"],
    [`sha256=${"0".repeat(64)}`, "body: bad-signature"],
    [`sha256=${mac("Hello, World!", "other")}`, "body: bad-signature"],
    [documented, "malformed"],
    [`sha1=${documented}`, "malformed"],
    ["sha256=", "malformed"],
    ["", "malformed"],
    [`sha256=${documented.slice(2)}`, "malformed"],
    [`sha256=${documented}00`, "malformed"],
    [`sha256=${"zz".repeat(32)}`, "malformed"],
    [Array.from({ length: 5 }, () => `sha256=${documented}`).join(","), "malformed"],
  ] as const)
    assert.equal(verdict(github, hub(value)), expected, value);
  const good = hub(`sha256=${documented}`);
  assert.equal(verdict(github, [...good, ...good]), "malformed");
  assert.equal(verdict(github, good, { sent: "Hello, World?" }), "body: bad-signature");
  assert.equal(
    verdict(github, good, { sent: "Hello, World?", bodyLength: LENGTH_UNKNOWN }),
    "body: bad-signature",
  );
  assert.equal(verdict(github, good, { sent: "" }), "bad-signature", "no body: known at once");
  assert.equal(verdict(github, hub(`sha256=${mac("")}`), { sent: "" }), "good");
  assert.equal(verdict(github, good, { secrets: [] }), "no-secrets");
  assert.equal(verdict(github, good, { secrets: ["new", secret] }), "good");
  assert.equal(verdict(github, []), 'Hmac realm="heddle", header="x-hub-signature-256"');
});

test("a time in the signature's header is signed, and holds both ways", () => {
  const at = (seconds: number, signed = seconds) =>
    verdict(stripe, [
      ["stripe-signature", `t=${seconds},v1=${mac(`${signed}.Hello, World!`)},v0=${"0".repeat(64)}`],
    ]);
  assert.equal(at(nowSeconds), "good");
  assert.equal(at(nowSeconds - 300), "good");
  assert.equal(at(nowSeconds - 301), "time");
  assert.equal(at(nowSeconds + 301), "time");
  assert.equal(at(nowSeconds, nowSeconds - 1000), "body: bad-signature", "an old one with a new time");
  for (const time of ["", "t=,", "t=x,", "t=-1,", "t=1e9,", `t=${nowSeconds},t=${nowSeconds},`, "t=9999999999999,"])
    assert.equal(verdict(stripe, [["stripe-signature", `${time}v1=${mac(`${nowSeconds}.Hello, World!`)}`]]), "malformed", time); // prettier-ignore
});

test("a time in a header of its own, and method, path, query and headers", () => {
  const config: HmacConfig = {
    ...github,
    prefix: "",
    encoding: "base64",
    hash: "sha512",
    content: [
      { type: "method" },
      { type: "text", value: "\n" },
      { type: "path" },
      { type: "query" },
      { type: "text", value: "\n" },
      { type: "header", value: "x-id" },
      { type: "timestamp" },
      body,
    ],
    timestamp: { header: "x-time", prefix: "" },
  };
  const signature = createHmac("sha512", secret)
    .update(`POST\n/a?b=%201\n7${nowSeconds}Hello, World!`)
    .digest("base64");
  const headers = [["x-hub-signature-256", signature], ["x-id", "7"], ["x-time", String(nowSeconds)]] as const; // prettier-ignore
  assert.equal(verdict(config, headers, { target: "/a?b=%201" }), "good");
  assert.equal(verdict(config, headers, { target: "/a?b=%202" }), "body: bad-signature");
  assert.equal(
    verdict(config, [...headers, ["x-time", String(nowSeconds)]], { target: "/a?b=%201" }),
    "malformed",
  );
});

test("Standard Webhooks: signatures with blanks between", () => {
  const config: HmacConfig = { ...github, header: "webhook-signature", prefix: "v1,", encoding: "base64" };
  const good = createHmac("sha256", secret).update("Hello, World!").digest("base64");
  const other = Buffer.alloc(32).toString("base64");
  assert.equal(verdict(config, [["webhook-signature", `v1,${other} v1a,x v1,${good}`]]), "good");
  assert.equal(verdict(config, [["webhook-signature", `v1,${other}`]]), "body: bad-signature");
});

test("what does not cover the body is decided by the head, and holds no body", () => {
  const config: HmacConfig = { ...github, content: [{ type: "path" }] };
  assert.equal(verdict(config, hub(`sha256=${mac("/")}`)), "good");
  assert.equal(verdict(config, hub(`sha256=${mac("/x")}`)), "bad-signature");
});

test("what another filter answers before the body is here is not given away", () => {
  const context = new RecordingContext();
  context.data(github.secrets).set({ secrets: [Buffer.from(secret).toString("base64")] });
  const filter = hmac.create(github, context);
  const answered = (signature: string, status: number, hasBody: boolean) => {
    const exchange = makeExchange({ method: "GET", bodyLength: LENGTH_UNKNOWN, headers: hub(signature) });
    exchange.slots = Array.from({ length: context.slotCount });
    void filter.requestHead!(exchange);
    const phase = filter.requestBody;
    if (hasBody && phase?.mode === "buffer") void phase.whole(exchange, Buffer.from("Hello, World!"));
    return filter.responseHead!(exchange, new ResponseHead(status, new Fields())) as
      | { status: number }
      | undefined;
  };
  assert.equal(answered(`sha256=${"0".repeat(64)}`, 200, false)?.status, 401);
  assert.equal(answered(`sha256=${"0".repeat(64)}`, 302, false)?.status, 401);
  assert.equal(answered(`sha256=${"0".repeat(64)}`, 200, true)?.status, 401);
  assert.equal(answered(`sha256=${"0".repeat(64)}`, 429, false), undefined);
  assert.equal(answered(`sha256=${documented}`, 200, true), undefined);
});

const once: HmacConfig = { ...stripe, refusesReplays: true };
const at = (seconds: number, text: string, ...by: readonly string[]) => {
  const signatures = (by.length === 0 ? [secret] : by).map((one) => `v1=${mac(`${seconds}.${text}`, one)}`);
  return [["stripe-signature", [`t=${seconds}`, ...signatures].join(",")]] as const;
};

test("a request is taken once where replays are refused, with a body and without one", () => {
  const context = makeContext();
  for (const sent of ["ping", ""]) {
    const ask = (seconds: number, config = once) => verdict(config, at(seconds, sent), { sent, context });
    const refused = sent === "" ? "replay" : "body: replay";
    assert.equal(ask(nowSeconds), "good");
    assert.equal(ask(nowSeconds), refused);
    assert.equal(ask(nowSeconds, { ...once, subject: "another route's" }), refused);
    assert.equal(ask(nowSeconds + 1), "good", "signed anew");
    assert.equal(ask(nowSeconds, stripe), "good", "where they are not refused");
  }
});

test("the letters of a signature make no other request of the same", () => {
  const context = makeContext();
  const ask = (signature: string) =>
    verdict(once, [["stripe-signature", `t=${nowSeconds},v1=${signature}`]], { sent: "ping", context });
  const signature = mac(`${nowSeconds}.ping`);
  assert.equal(ask(signature), "good");
  assert.equal(ask(signature.toUpperCase()), "body: replay");
  assert.equal(ask(`${signature},x=1`), "body: replay");
});

test("nor does the signature by the other one of two secrets", () => {
  const context = makeContext();
  const secrets = [secret, "the next secret of it"];
  const ask = (...by: readonly string[]) =>
    verdict(once, at(nowSeconds, "ping", ...by), { sent: "ping", context, secrets });
  assert.equal(ask(secrets[1]!), "good");
  assert.equal(ask(...secrets), "body: replay");
  assert.equal(ask(secrets[0]!), "body: replay");
});

test("the same of two senders are two requests, and a bad one uses up nothing", () => {
  const context = makeContext();
  const ask = (by: string, secrets: readonly string[]) =>
    verdict(once, at(nowSeconds, "ping", by), { sent: "ping", context, secrets });
  assert.equal(ask("somebody else's secret", [secret]), "body: bad-signature");
  assert.equal(ask(secret, [secret]), "good");
  assert.equal(ask("somebody else's secret", ["somebody else's secret"]), "good");
});

test("one that is dated ahead is remembered until it is too old", () => {
  const context = makeContext();
  const ahead = nowSeconds + 300;
  const ask = () => verdict(once, at(ahead, "ping"), { sent: "ping", context });
  assert.equal(ask(), "good");
  // 600 s of the table's clock and of the wall's.
  context.clock.advance(599_000);
  assert.equal(ask(), "body: replay");
  context.clock.advance(2_000);
  assert.equal(ask(), "time");
});
