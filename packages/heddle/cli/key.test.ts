import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { main } from "./main.ts";

const folder = mkdtempSync(path.join(tmpdir(), "heddle-key-"));
after(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]) {
  let [out, err] = ["", ""];
  const terminal = {
    out: (text: string) => (out += text),
    err: (text: string) => (err += text),
    hasColor: false,
  };
  const code = await main(["key", "create", ...argv], terminal);
  return { code, out, err };
}

test("the key goes to standard error, and what is to be applied to standard output", async () => {
  const { code, out, err } = await run("--consumer", "mobile", "--scopes", "a,b", "--scopes", "c");
  assert.equal(code, 0);
  const [key = ""] = err.split("\n");
  assert.match(key, /^hdl_[0-9A-Za-z]{38}$/);
  assert.ok(!out.includes(key));
  assert.ok(out.includes(`sha256:${hash("sha256", key)}`));
  assert.match(out, /"scopes":\["a","b","c"\]/);
  assert.match(out, /^apiVersion: v1\nkind: Secret\n/);
});

test("with -f the Secret is in the file, its owner's alone, and the key is printed", async () => {
  const file = path.join(folder, "keys.yaml");
  const first = await run("--consumer", "mobile", "-f", file, "--prefix", "shop_live");
  assert.match(first.out, /^shop_live_[0-9A-Za-z]{38}\n$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const second = await run("--consumer", "mobile", "-f", file, "--overlap", "7d", "--expires", "90d");
  const text = readFileSync(file, "utf8");
  for (const { out } of [first, second]) assert.ok(text.includes(hash("sha256", out.trim())));
  assert.equal(text.match(/"expires":/g)?.length, 2);
  assert.deepEqual(readdirSync(folder), ["keys.yaml"]);
});

test("as JSON everything is in one object", async () => {
  const { out, err } = await run("--consumer", "mobile", "--metadata", "plan=gold", "-o", "json");
  const { key, hash: kept, id, metadata, document } = JSON.parse(out) as Record<string, string>;
  assert.equal(kept, `sha256:${hash("sha256", key!)}`);
  assert.ok(key!.startsWith(id!));
  assert.deepEqual(metadata, { plan: "gold" });
  assert.ok(document!.includes(kept!));
  assert.equal(err, "");
});

test("a wrong command line says what is wrong, and makes nothing", async () => {
  for (const [argv, message] of [
    [[], /--consumer/],
    [["--consumer", ""], /--consumer must have/],
    [["--consumer", "a", "--expires", "soon"], /--expires must be such as 90d/],
    [["--consumer", "a", "--expires", "2001-01-01"], /in the past/],
    [["--consumer", "a", "--expires", "2027-13-45"], /--expires must be such as/],
    [["--consumer", "a", "--prefix", "No"], /--prefix must be lower-case/],
    [["--consumer", "a", "--scopes", "a b"], /is no scope/],
    [["--consumer", "a", "--metadata", "plan"], /NAME=VALUE/],
    [["--consumer", "a", "--metadata", "scope=admin"], /NAME=VALUE/],
    [["--consumer", "a", "--overlap", "7d"], /--overlap needs -f/],
  ] as const) {
    const { code, out, err } = await run(...argv);
    assert.equal(code, 2, argv.join(" "));
    assert.equal(out, "");
    assert.match(err, message);
  }
  const { code, err } = await run("--consumer", "a", "-f", path.join(folder, "no", "keys.yaml"));
  assert.equal(code, 1);
  assert.match(err, /no such file or folder/);
});
