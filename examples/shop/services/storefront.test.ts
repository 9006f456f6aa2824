import assert from "node:assert";
import { test } from "node:test";
import { serveForTest } from "./running.ts";
import { openStorefront } from "./storefront.ts";

test("the page and everything it loads comes from the storefront", async (t) => {
  const origin = await serveForTest(t, openStorefront());
  const response = await fetch(`${origin}/`);
  const html = await response.text();
  assert.match(html, /<title>Warp &amp; Weft<\/title>/);
  assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
  assert.ok(loaded.includes("/app.js") && loaded.includes("/app.css"));
  for (const path of new Set(loaded)) {
    assert.ok(path.startsWith("/"), path);
    assert.strictEqual((await fetch(`${origin}${path}`)).status, 200, path);
  }
});

test("every id that the script uses is in the page", async (t) => {
  const origin = await serveForTest(t, openStorefront());
  const html = await (await fetch(`${origin}/`)).text();
  const script = await (await fetch(`${origin}/app.js`)).text();
  const ids = new Set([...script.matchAll(/\bat\("([^"]+)"\)/g)].map((match) => match[1] ?? ""));
  assert.ok(ids.size > 5);
  for (const id of ids) assert.ok(html.includes(`id="${id}"`), id);
});

test("the account page tells the forwarded protocol, and nothing else that a client sends", async (t) => {
  const origin = await serveForTest(t, openStorefront());
  const read = async (proto: string): Promise<string> =>
    (await fetch(`${origin}/account`, { headers: { "x-forwarded-proto": proto } })).text();
  assert.match(await read("https"), /over <strong>https</);
  assert.match(await read("<script>"), /over <strong>http</);
});
