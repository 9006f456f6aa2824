import assert from "node:assert/strict";
import { test } from "node:test";
import { measureCpuMs } from "@heddle/testkit";
import { normalizePath } from "@heddle/engine/message";
import { PathCondition } from "./path-condition.ts";
import type { TextMatch } from "./config.ts";

const words = ["no", "doubtful", "yes"];
const answer = (match: TextMatch, path: string): string => words[new PathCondition([match]).test(path)]!;

const admin: TextMatch = { type: "prefix", value: "/admin" };
const table: readonly (readonly [TextMatch, string, string])[] = [
  [admin, "/admin", "yes"],
  [admin, "/admin/", "yes"],
  [admin, "/admin/users", "yes"],
  [admin, "/administrator", "no"],
  [admin, "/", "no"],
  [admin, "/public/admin", "no"],
  [admin, "/ADMIN/users", "doubtful"],
  [admin, "/admin;v=1/users", "doubtful"],
  [admin, "/admin;", "doubtful"],
  [admin, "/admin/users;v=1", "yes"],
  [admin, "/;x/admin", "doubtful"],
  [admin, "/admin%3Ba", "doubtful"],
  [admin, "/admin%2Fusers", "doubtful"],
  [admin, "/admin%5Cusers", "doubtful"],
  [admin, "/x%2Fadmin", "no"],
  [admin, "/%2Fadmin", "doubtful"],
  [admin, "/admin%00.html", "doubtful"],
  [admin, "/admin%25", "no"],
  [{ type: "exact", value: "/a/b" }, "/a%2Fb", "doubtful"],
  [{ type: "prefix", value: "/a%2Fb" }, "/a%2Fb/c", "yes"],
  [{ type: "prefix", value: "/" }, "/anything", "yes"],
  [{ type: "prefix", value: "/api/" }, "/api/x", "yes"],
  [{ type: "prefix", value: "/api/" }, "/api", "doubtful"],
  [{ type: "exact", value: "/admin" }, "/admin", "yes"],
  [{ type: "exact", value: "/admin" }, "/admin/", "doubtful"],
  [{ type: "exact", value: "/admin" }, "/Admin", "doubtful"],
  [{ type: "exact", value: "/admin" }, "/admin;a", "doubtful"],
  [{ type: "exact", value: "/admin" }, "/admin/users", "no"],
  [{ type: "exact", value: "/a;v=1" }, "/a;v=1", "doubtful"],
  [{ type: "regex", value: "/users/[0-9]+" }, "/users/7", "yes"],
  [{ type: "regex", value: "/users/[0-9]+" }, "/users/7/x", "no"],
  [{ type: "regex", value: "/users/[0-9]+" }, "/Users/7", "doubtful"],
  [{ type: "regex", value: "/Users/x|/Y" }, "/y", "doubtful"],
];

for (const [match, path, expected] of table) {
  test(`${match.type} ${match.value}: ${path} is ${expected}`, () => {
    assert.equal(answer(match, path), expected);
  });
}

test("no way to write a path that some backend takes for /admin is let in beside a rule that denies it", () => {
  const spellings = [
    "/admin",
    "//admin",
    "/./admin",
    "/x/../admin",
    "/%61dmin",
    "/%2e/admin",
    "/x/%2e%2e/admin",
    "/admin/",
    "/admin//",
    "/ADMIN",
    "/aDm%49n",
    "/admin;",
    "/admin;a=b",
    "/;/admin",
    "/x;/../admin",
    "/admin%2f",
    "/admin%2Fusers",
    "/admin%5cusers",
    "/%5Cadmin",
    "/admin%3bx",
    "/admin%00",
    "\\admin",
    "/admin\\users",
  ];
  for (const spelling of spellings) {
    for (const escapedSlashes of ["refuse", "keep"] as const) {
      const path = normalizePath(spelling, escapedSlashes);
      if (path !== null) assert.notEqual(answer(admin, path), "no", spelling);
    }
  }
});

test("a hostile path takes no longer than it is long", async () => {
  const evil = new PathCondition([{ type: "regex", value: "/(a+)+b" }]);
  const spentMs = await measureCpuMs(() => {
    for (let i = 0; i < 10; i++) evil.test(`/${"a".repeat(50_000)}`);
  });
  assert.ok(spentMs < 1_000);
});
