import assert from "node:assert";
import { test } from "node:test";
import { parseOptions } from "./options.ts";

test("lists keep the order of the bench, and a name that is none is told", () => {
  const { faults, proxies } = parseOptions(["--faults", "paused,killed", "--proxies", "nginx,heddle"]);
  assert.deepEqual(faults, ["killed", "paused"]);
  assert.deepEqual(proxies, ["heddle", "nginx"]);
  assert.throws(() => parseOptions(["--faults", "asleep"]), /--faults has "asleep", takes killed,/);
  assert.throws(() => parseOptions(["--rate", "0"]), /--rate is "0"/);
});
