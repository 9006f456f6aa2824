import assert from "node:assert/strict";
import { test } from "node:test";
import type { TextMatch } from "./config.ts";
import { HostCondition } from "./host-condition.ts";

const words = ["no", "doubtful", "yes"];
const answer = (match: TextMatch, authority: string): string =>
  words[new HostCondition([match]).test(authority)]!;

test("a host is compared with its port and without, in one case, and a dot at its end is ambiguous", () => {
  const exact: TextMatch = { type: "exact", value: "Admin.example" };
  assert.equal(answer(exact, "admin.example"), "yes");
  assert.equal(answer(exact, "admin.example:8443"), "yes");
  assert.equal(answer(exact, "admin.example.:8443"), "doubtful");
  assert.equal(answer(exact, "shop.example"), "no");
  assert.equal(answer(exact, "admin.example.evil"), "no");
  assert.equal(answer(exact, ""), "no");
  assert.equal(answer({ type: "exact", value: "admin.example:80" }, "admin.example:80"), "yes");
  assert.equal(answer({ type: "exact", value: "admin.example:80" }, "admin.example:81"), "no");
  assert.equal(answer({ type: "prefix", value: "ADMIN." }, "admin.example"), "yes");
  assert.equal(answer({ type: "regex", value: "[a-z]+\\.example" }, "admin.example:1"), "yes");
  assert.equal(answer({ type: "exact", value: "[::1]" }, "[::1]:80"), "yes");
});

test("without values it is there or not", () => {
  assert.equal(words[new HostCondition([]).test("a.example")], "yes");
  assert.equal(words[new HostCondition([]).test("")], "no");
});
