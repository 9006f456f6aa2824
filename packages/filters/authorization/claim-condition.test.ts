import assert from "node:assert/strict";
import { test } from "node:test";
import { not } from "./answer.ts";
import { ClaimCondition } from "./claim-condition.ts";

const words = ["no", "doubtful", "yes"];

/** What a token says, in JSON; whether the claim `role` is admin or 3 or true; and whether it is none of them. */
const table: readonly (readonly [string, string, string])[] = [
  ["{}", "no", "yes"],
  ['{"role":null}', "no", "yes"],
  ['{"role":""}', "no", "yes"],
  ['{"role":"admin"}', "yes", "no"],
  ['{"role":"Admin"}', "no", "yes"],
  ['{"role":"admin,user"}', "no", "yes"],
  ['{"role":3}', "yes", "no"],
  ['{"role":3.0}', "yes", "no"],
  ['{"role":4}', "no", "yes"],
  ['{"role":true}', "yes", "no"],
  ['{"role":false}', "no", "yes"],
  ['{"role":9007199254740993}', "doubtful", "doubtful"],
  ['{"role":1e400}', "doubtful", "doubtful"],
  ['{"role":{}}', "doubtful", "doubtful"],
  ['{"role":{"name":"user"}}', "doubtful", "doubtful"],
  ['{"role":{"toString":"admin"}}', "doubtful", "doubtful"],
  ['{"role":[]}', "no", "yes"],
  ['{"role":[null]}', "no", "yes"],
  ['{"role":["user"]}', "no", "yes"],
  ['{"role":["user","admin"]}', "yes", "no"],
  ['{"role":["user",3]}', "yes", "no"],
  ['{"role":[{"name":"admin"}]}', "doubtful", "doubtful"],
  ['{"role":["user",{"name":"admin"}]}', "doubtful", "doubtful"],
  ['{"role":["admin",{"name":"user"}]}', "yes", "no"],
  ['{"role":[["admin"]]}', "doubtful", "doubtful"],
  ['{"role":["user",9007199254740993]}', "doubtful", "doubtful"],
];

test("a claim's value in each form that JSON has", () => {
  const condition = new ClaimCondition(["role"], ["admin", "3", "true", "9007199254740993", "Infinity"]);
  for (const [claims, is, isNot] of table) {
    const answer = condition.test(JSON.parse(claims));
    assert.equal(words[answer], is, claims);
    assert.equal(words[not(answer)], isNot, `not ${claims}`);
  }
});

const ways: readonly (readonly [string, string])[] = [
  ["{}", "no"],
  ['{"realm":null}', "no"],
  ['{"realm":{}}', "no"],
  ['{"realm":{"roles":null}}', "no"],
  ['{"realm":{"roles":["admin"]}}', "yes"],
  ['{"realm":[{"roles":["admin"]}]}', "doubtful"],
  ['{"realm":[]}', "doubtful"],
  ['{"realm":"admin"}', "doubtful"],
  ['{"realm":7}', "doubtful"],
];

test("where its name leads through something that is no object it is doubtful", () => {
  const condition = new ClaimCondition(["realm", "roles"], ["admin"]);
  for (const [claims, expected] of ways)
    assert.equal(words[condition.test(JSON.parse(claims))], expected, claims);
});

test("without values it is there or not", () => {
  const condition = new ClaimCondition(["role"], []);
  for (const [claims] of table) {
    const isThere = claims !== "{}" && claims !== '{"role":null}';
    assert.equal(words[condition.test(JSON.parse(claims))], isThere ? "yes" : "no", claims);
  }
});

test("what objects inherit are no claims", () => {
  assert.equal(words[new ClaimCondition(["constructor"], []).test({})], "no");
  assert.equal(words[new ClaimCondition(["toString", "name"], ["toString"]).test({})], "no");
});
