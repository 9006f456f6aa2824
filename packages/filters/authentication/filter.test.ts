import assert from "node:assert/strict";
import { test } from "node:test";
import { Credentials } from "@heddle/engine/message";
import type { LoginAnswer } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import { authentication } from "./filter.ts";

const alice = { subject: "alice", issuer: "", method: "test", claims: {} };
const login: LoginAnswer = { status: 303, headers: [["location", "/login"]], body: "" };

function decide(prepare: (credentials: Credentials) => void, allowsAnonymous = false) {
  const exchange = makeExchange();
  prepare(Credentials.of(exchange));
  const run = new FilterRun(authentication, { allowsAnonymous }, exchange);
  const reply = run.request();
  return {
    status: reply?.status ?? 200,
    reply,
    subject: exchange.principal?.subject,
    events: run.context.events,
  };
}

test("a login that is offered takes the place of a 401 for a credential that is missing, and of no other", () => {
  const offer = (credentials: Credentials) => credentials.offer(() => login);
  const missing = decide((credentials) => {
    credentials.challenge("Bearer");
    offer(credentials);
  });
  assert.deepEqual([missing.reply, missing.events], [login, ["sent-to-login"]]);
  const refuse = () => assert.fail("a login was begun");
  const table: readonly (readonly [string, (credentials: Credentials) => void, number])[] = [
    ["rejected", (credentials) => credentials.reject("forged", "Bearer"), 401],
    ["unclaimed", (credentials) => credentials.unclaimed(), 401],
    ["accepted", (credentials) => credentials.accept(alice), 200],
  ];
  for (const [name, prepare, status] of table) {
    const found = decide((credentials) => {
      credentials.offer(refuse);
      prepare(credentials);
    });
    assert.equal(found.status, status, name);
  }
  assert.equal(decide((credentials) => credentials.offer(refuse), true).status, 200, "anonymous");
});

test("of several offers the first counts", () => {
  const found = decide((credentials) => {
    credentials.offer(() => login);
    credentials.offer(() => assert.fail("the second"));
  });
  assert.equal(found.reply, login);
});

test("a bad credential is not made up for by a good one", () => {
  const found = decide((credentials) => {
    credentials.accept(alice);
    credentials.reject("forged", "Bearer");
  });
  assert.deepEqual([found.status, found.subject], [401, undefined]);
  const good = decide((credentials) => {
    credentials.accept(alice);
    credentials.accept({ ...alice, subject: "bob" });
  });
  assert.deepEqual([good.status, good.subject], [200, "alice"]);
});
