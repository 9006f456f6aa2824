import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { makeExchange } from "../filter-run.suite.ts";
import { CookieJar } from "./cookie-jar.ts";
import { CookieSealer } from "./cookie-sealer.ts";

const key = () => randomBytes(32).toString("base64");
const sealer = (keys: readonly string[], purpose = "session shop") =>
  new CookieSealer({ value: keys, version: 1 }, purpose);

test("what is sealed opens with its key, its name and its purpose, and with nothing else", () => {
  const [one, two] = [key(), key()];
  const sealed = sealer([one]).seal("session", "ünd")!;
  assert.equal(sealer([one]).open("session", sealed), "ünd");
  assert.notEqual(sealer([one]).seal("session", "ünd"), sealed, "a nonce is used once");
  assert.equal(sealer([one]).open("login-x", sealed), null);
  assert.equal(sealer([one], "login shop").open("session", sealed), null);
  assert.equal(sealer([one], "session other").open("session", sealed), null);
  assert.equal(sealer([two]).open("session", sealed), null);
  assert.equal(sealer([]).open("session", sealed), null);
  assert.equal(sealer([]).seal("session", "x"), null);
  assert.equal(sealer([randomBytes(16).toString("base64")]).seal("session", "x"), null);
});

test("the first key seals, all open: keys change without ending sessions", () => {
  const [before, after] = [key(), key()];
  const data = { value: [before] as string[], version: 1 };
  const sealing = new CookieSealer(data, "session shop");
  const old = sealing.seal("session", "old")!;
  data.value = [after, before];
  data.version = 2;
  const fresh = sealing.seal("session", "new")!;
  assert.equal(sealing.open("session", old), "old");
  assert.equal(sealer([after]).open("session", fresh), "new");
  assert.equal(sealer([before]).open("session", fresh), null);
});

test("every octet of it counts, and every octet that is missing", () => {
  const one = sealer([key()]);
  const bytes = Buffer.from(one.seal("session", "who")!, "base64url");
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    assert.equal(one.open("session", changed.toString("base64url")), null, `octet ${at}`);
    assert.equal(one.open("session", bytes.subarray(0, at).toString("base64url")), null, `cut at ${at}`);
  }
  for (const text of ["", "a", "=", "ä", "a b", `${bytes.toString("base64")}!`])
    assert.equal(one.open("session", text), null, text);
});

const jarOf = (cookie: string | readonly string[], isSecure = false) => {
  const headers = [cookie].flat().map((line) => ["cookie", line] as const);
  const { request } = makeExchange({ headers });
  const jar = new CookieJar(request, "s", isSecure);
  return { jar, left: request.fields.getAll("cookie") };
};

test("its cookies are taken off the request, all others stay", () => {
  assert.deepEqual(jarOf("a=1; s=x; b=2; s.login-1=y; ss=3; s2=4").left, ["a=1; b=2; ss=3; s2=4"]);
  assert.deepEqual(jarOf("s=x").left, []);
  assert.deepEqual(jarOf(["a=1", "b=2"]).left, ["a=1", "b=2"]);
  assert.deepEqual(jarOf("s=x; a=1", true).left, ["s=x; a=1"], "over https another name is meant");
});

test("a cookie that came twice is none", () => {
  assert.equal(jarOf("s=x").jar.getSession(), "x");
  assert.equal(jarOf("s=x; s=y").jar.getSession(), undefined);
  assert.equal(jarOf(["s=x", "s=x"]).jar.getSession(), undefined);
  assert.equal(jarOf("s=x; s.0=x").jar.getSession(), undefined);
  assert.equal(jarOf("s.0=x; s.1=y; s.1=y").jar.getSession(), undefined);
});

test("a long value is in chunks, and comes back whole; those of a longer one before it go", () => {
  const value = randomBytes(8_000).toString("base64url");
  const set = jarOf("s=old; s.5=older").jar.setSession(value, 60_000)!;
  const pairs = set.map((line) => line.split(";")[0]!);
  assert.deepEqual(
    set.filter((line) => line.includes("Max-Age=0")).map((line) => line.split("=")[0]),
    ["s", "s.5"],
  );
  assert.ok(set.every((line) => line.length < 4096));
  const kept = pairs.filter((pair) => !pair.endsWith("="));
  assert.equal(jarOf(kept.join("; ")).jar.getSession(), value);
  assert.notEqual(jarOf(kept.toSpliced(1, 1).join("; ")).jar.getSession(), value);
  assert.equal(jarOf("").jar.setSession("x".repeat(40_000), 60_000), null);
});

test("over https a cookie is bound to its host, and nobody but the browser sees it", () => {
  const { jar } = jarOf("", true);
  assert.equal(jar.set("", "v", 1000), "__Host-s=v; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure");
  assert.equal(jarOf("").jar.set("", "v", 1000), "s=v; Path=/; Max-Age=1; HttpOnly; SameSite=Lax");
});
