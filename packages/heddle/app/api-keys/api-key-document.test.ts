import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { parseDocuments, parseApiKeyEntry, validateResource, type Secret } from "../../resources/index.ts";
import { withApiKey, type ApiKeyPlace } from "./api-key-document.ts";
import { newApiKey, type ApiKeyWish } from "./new-api-key.ts";

const nowMs = Date.UTC(2026, 10, 28, 12);
const place: ApiKeyPlace = { name: "mobile-keys", namespace: "shop", labels: {}, retireOthersMs: 0 };
const make = (wish: Partial<ApiKeyWish> = {}) =>
  newApiKey({ prefix: "hdl", consumer: "mobile", scopes: [], expiresMs: 0, metadata: {}, ...wish }, nowMs);

function secretIn(text: string, at = 0): Secret {
  const { documents, problems } = parseDocuments(text, "keys.yaml");
  assert.deepEqual(problems, []);
  const { resource, problems: mistakes } = validateResource(documents[at]!.value as Record<string, unknown>);
  assert.deepEqual(mistakes, []);
  return resource as Secret;
}

const entryOf = (secret: Secret, id: string) =>
  parseApiKeyEntry(Buffer.from(secret.data[id]!, "base64").toString());

test("a key and its entry belong together, and the entry does not tell the key", () => {
  const { key, id, entry } = make({
    scopes: ["orders:read"],
    expiresMs: Date.UTC(2027, 0, 1),
    metadata: { plan: "gold" },
  });
  assert.ok(key.startsWith(id));
  assert.deepEqual(entry, {
    hash: `sha256:${hash("sha256", key)}`,
    consumer: "mobile",
    scopes: ["orders:read"],
    expires: "2027-01-01T00:00:00Z",
    created: "2026-11-28T12:00:00Z",
    metadata: { plan: "gold" },
  });
});

test("without a file there is a Secret with the key alone", () => {
  const made = make({ scopes: ["a"] });
  const text = withApiKey("", made, { ...place, labels: { team: "apps" } });
  const secret = secretIn(text);
  assert.equal(secret.type, "heddle.dev/api-keys");
  assert.deepEqual(secret.metadata.labels, { team: "apps" });
  assert.deepEqual(entryOf(secret, made.id), {
    digest: hash("sha256", made.key, "base64url"),
    consumer: "mobile",
    scopes: ["a"],
    expiresMs: 0,
    metadata: {},
  });
  assert.ok(!text.includes(made.key));
});

test("further keys come into the Secret, and all else stays as it is written", () => {
  const first = make();
  const others = "# Ours\nkind: Namespace # the shop\napiVersion: v1\nmetadata: { name: shop }\n";
  const one = withApiKey(others, first, place);
  assert.ok(one.startsWith(others));
  const second = make({ consumer: "it's web" });
  const two = withApiKey(one, second, place);
  assert.ok(two.startsWith(others));
  const secret = secretIn(two, 1);
  assert.deepEqual(Object.keys(secret.data), [first.id, second.id]);
  assert.deepEqual((entryOf(secret, second.id) as { consumer: string }).consumer, "it's web");
  const elsewhere = withApiKey(two, make(), { ...place, namespace: "other" });
  assert.equal(parseDocuments(elsewhere, "x").documents.length, 3);
});

test("a consumer's other keys retire, unless they do sooner; others' do not", () => {
  const soon = make({ expiresMs: nowMs + 1000 });
  const late = make();
  const web = make({ consumer: "web" });
  let text = "";
  for (const one of [soon, late, web]) text = withApiKey(text, one, place);
  const fresh = make();
  const secret = secretIn(withApiKey(text, fresh, { ...place, retireOthersMs: nowMs + 60_000 }));
  const expiries = [soon, late, web, fresh].map(
    ({ id }) => (entryOf(secret, id) as { expiresMs: number }).expiresMs,
  );
  assert.deepEqual(expiries, [nowMs + 1000, nowMs + 60_000, 0, 0]);
});

test("a text that is no YAML is left alone", () => {
  assert.throws(() => withApiKey("a: [", make(), place), Error);
});
