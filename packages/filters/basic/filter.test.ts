import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "@heddle/engine/filter";
import { hashSync } from "@node-rs/bcrypt";
import { makeExchange, RecordingContext } from "../filter-run.suite.ts";
import { checkBcrypt } from "./bcrypt.ts";
import type { BasicConfig } from "./config.ts";
import { basic } from "./filter.ts";
import { HashQueue } from "./hash-queue.ts";
import { hashOfNobody } from "./nobody.ts";
import { parseBasic } from "./parse-basic.ts";

const config: BasicConfig = { users: "basic/test", realm: 'Shop "one"', isForwarded: false };
const hash = hashSync("open: sesame", { cost: 4 });
const users = [
  ["alice", hash],
  ["__proto__", hashSync("x", { cost: 4 })],
  ["broken", "$2b$04$short"],
] as const;

const encode = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

class Run {
  readonly context = new RecordingContext();
  readonly filter;

  constructor(change: Partial<BasicConfig> = {}) {
    this.context.data(config.users).set({ users });
    this.filter = basic.create({ ...config, ...change }, this.context);
  }

  async ask(...values: string[]) {
    const exchange = makeExchange({ headers: values.map((value) => ["authorization", value] as const) });
    const result = this.filter.requestHead!(exchange);
    const hasWaited = result instanceof Promise;
    const reply = (await result) as Reply | undefined;
    const { principal, rejection, challenges } = exchange.credentials!;
    return { exchange, reply, hasWaited, subject: principal?.subject, rejection, challenges };
  }
}

test("a right password is its user's, and is checked once", async () => {
  const run = new Run();
  const first = await run.ask(encode("alice:open: sesame"));
  assert.equal(first.subject, "alice");
  assert.equal(first.hasWaited, true);
  assert.equal(first.exchange.request.fields.has("authorization"), false);
  const second = await run.ask(encode("alice:open: sesame").replace("Basic", "bASIC"));
  assert.equal(second.subject, "alice");
  assert.equal(second.hasWaited, false);
  run.context.clock.advance(300_000);
  assert.equal((await run.ask(encode("alice:open: sesame"))).hasWaited, true);
});

test("the upstream gets the password only where it shall", async () => {
  const { exchange } = await new Run({ isForwarded: true }).ask(encode("alice:open: sesame"));
  assert.equal(exchange.request.fields.get("authorization"), encode("alice:open: sesame"));
});

test("wrong passwords, unknown names and broken hashes get one answer", async () => {
  const run = new Run();
  for (const text of [
    "alice:wrong",
    "alice:",
    "bob:open: sesame",
    ":",
    "broken:x",
    "Alice:open: sesame",
    "toString:x",
  ]) {
    const found = await run.ask(encode(text));
    assert.equal(found.subject, undefined, text);
    assert.equal(found.rejection, "the name or the password is wrong");
    assert.equal(found.hasWaited, true, text);
    assert.equal((await run.ask(encode(text))).hasWaited, false, "it is not hashed again");
  }
  assert.equal((await run.ask(encode("__proto__:x"))).subject, "__proto__");
});

test("an unknown name takes as long as the dearest known one", async () => {
  const run = new Run();
  const dear = hashSync("x", { cost: 5 });
  run.context.data(config.users).set({ users: [...users, ["carol", dear], ["dan", hash]] });
  assert.equal((await run.ask(encode("nobody:x"))).subject, undefined);
  const { nobody } = run.filter as unknown as { nobody: string };
  assert.equal(nobody.slice(0, 7), "$2b$05$");
  assert.equal(nobody.length, dear.length);
  assert.equal(hashOfNobody([]).slice(0, 7), "$2b$10$");
  assert.equal(await checkBcrypt("", nobody), false);
});

test("a changed list is followed at once", async () => {
  const run = new Run();
  await run.ask(encode("alice:open: sesame"));
  run.context.data(config.users).set({ users: [["alice", hashSync("new", { cost: 4 })]] });
  assert.equal((await run.ask(encode("alice:open: sesame"))).subject, undefined);
  assert.equal((await run.ask(encode("alice:new"))).subject, "alice");
  run.context.data(config.users).set(undefined);
  assert.equal((await run.ask(encode("alice:new"))).subject, undefined);
});

test("a list that changes while a password is checked is not passed by", async () => {
  const run = new Run();
  const asking = run.ask(encode("alice:open: sesame"));
  run.context.data(config.users).set({ users: [] });
  assert.equal((await asking).subject, undefined);
});

test("without a name and password they are asked for", async () => {
  for (const values of [[], ["Bearer x"], ["Basic"], ["Basicx"]]) {
    const { subject, rejection, challenges } = await new Run().ask(...values);
    assert.deepEqual([subject, rejection], [undefined, ""]);
    assert.deepEqual(challenges, ['Basic realm="Shop \\"one\\"", charset="UTF-8"']);
  }
});

test("what is malformed is refused, and so are two", async () => {
  const good = encode("alice:open: sesame");
  for (const values of [
    ["Basic !"],
    ["Basic YWxpY2U"],
    ["Basic ="],
    [`${good} `.replace("==", "=x")],
    [encode("alice")],
    [encode("alice:a\u0000b")],
    [encode("alice:a\nb")],
    [encode("al\u007fice:x")],
    [`Basic ${Buffer.from([97, 58, 0xff]).toString("base64")}`],
    [encode(`alice:${"x".repeat(2000)}`)],
    [good, good],
    [`${good}, ${good}`],
  ]) {
    const run = new Run();
    const { subject, rejection } = await run.ask(...values);
    assert.equal(subject, undefined);
    assert.equal(rejection, "the Authorization is malformed", values.join(" | "));
    assert.deepEqual(run.context.events, ["malformed"]);
  }
});

test("names and passwords are UTF-8, and a password may have colons", () => {
  assert.deepEqual(parseBasic(encode("jürgen:é:x").slice(6)), { name: "jürgen", password: "é:x" });
});

test("hashes of htpasswd -B are taken, in each of their forms", async () => {
  const body = hash.slice(3);
  for (const form of ["$2a", "$2b", "$2y"]) assert.ok(await checkBcrypt("open: sesame", form + body), form);
  for (const other of ["", "x", "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "$apr1$a$b", "$2b$99$abc"])
    assert.equal(await checkBcrypt("open: sesame", other), false);
});

/** Checks that the test ends. */
function heldQueue() {
  const held: (() => void)[] = [];
  let most = 0;
  const queue = new HashQueue(
    (password) =>
      new Promise<boolean>((resolve) => {
        held.push(() => resolve(password === "right"));
        most = Math.max(most, held.length);
      }),
  );
  return { queue, held, most: () => most };
}

const never = new AbortController().signal;

test("one password is checked at a time, in turn", async () => {
  const { queue, held, most } = heldQueue();
  const all = ["a", "b", "c"].map((client) => queue.verify(client, "right", "h", never)!);
  for (let at = 0; at < 3; at++) {
    await new Promise(setImmediate);
    assert.equal(held.length, 1);
    held.shift()!();
  }
  assert.deepEqual(await Promise.all(all), [true, true, true]);
  assert.equal(most(), 1);
});

test("places are bounded, and of one client more so", async () => {
  const { queue, held } = heldQueue();
  const mine = Array.from({ length: 5 }, () => queue.verify("mine", "right", "h", never));
  assert.deepEqual(mine.map((one) => one === null), [false, false, false, false, true]); // prettier-ignore
  const others = Array.from({ length: 70 }, (_, at) => queue.verify(`c${at}`, "right", "h", never));
  assert.equal(others.filter((one) => one === null).length, 70 - 61);
  for (let at = 0; at < 65; at++) {
    await new Promise(setImmediate);
    held.shift()!();
  }
  await Promise.all([...mine, ...others]);
  assert.notEqual(queue.verify("mine", "right", "h", never), null, "places are free again");
});

test("nothing is hashed for who has left", async () => {
  const { queue, held } = heldQueue();
  const gone = new AbortController();
  const first = queue.verify("a", "right", "h", never)!;
  const second = queue.verify("b", "right", "h", gone.signal)!;
  gone.abort();
  held.shift()!();
  assert.deepEqual(await Promise.all([first, second]), [true, false]);
  assert.equal(held.length, 0);
});
