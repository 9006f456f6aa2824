import assert from "node:assert/strict";
import { test } from "node:test";
import type { TextMatch } from "./config.ts";
import { HeaderCondition } from "./header-condition.ts";

const words = ["no", "doubtful", "yes"];

function answer(matches: readonly TextMatch[], ...values: readonly string[]): string {
  return words[new HeaderCondition(matches).test(values)]!;
}

const user: readonly TextMatch[] = [{ type: "exact", value: "user" }];
const either: readonly TextMatch[] = [...user, { type: "exact", value: "admin" }];

test("every value of a header is looked at (CVE-2026-31838)", () => {
  assert.equal(answer(user), "no");
  assert.equal(answer(user, "user"), "yes");
  assert.equal(answer(user, "admin"), "no");
  assert.equal(answer(user, "user", "user"), "yes");
  assert.equal(answer(user, "user", "admin"), "doubtful");
  assert.equal(answer(user, "admin", "user"), "doubtful");
  assert.equal(answer(user, "user, admin"), "doubtful");
  assert.equal(answer(user, "admin,user"), "doubtful");
  assert.equal(answer(user, "user,user"), "yes");
  assert.equal(answer(user, "user,"), "doubtful");
  assert.equal(answer(user, "user", "user, admin"), "doubtful");
  assert.equal(answer(either, "user, admin"), "yes");
  assert.equal(answer(either, "user", "admin"), "yes");
});

test("without values it is there or not", () => {
  assert.equal(answer([], ""), "yes");
  assert.equal(answer([]), "no");
});

test("who writes a value with a comma means that one", () => {
  assert.equal(answer([{ type: "exact", value: "a, b" }], "a, b"), "yes");
  assert.equal(answer([{ type: "exact", value: "a, b" }], "a, b", "c"), "doubtful");
});

test("beginnings and patterns stand for whole values", () => {
  assert.equal(answer([{ type: "prefix", value: "team-" }], "team-a"), "yes");
  assert.equal(answer([{ type: "prefix", value: "team-" }], "team-a, root"), "doubtful");
  assert.equal(answer([{ type: "regex", value: "team-[a-z]+" }], "team-a"), "yes");
  assert.equal(answer([{ type: "regex", value: "team-[a-z]+" }], "x team-a"), "no");
  assert.equal(answer([{ type: "regex", value: "a,.*" }], "a,b"), "doubtful");
});
