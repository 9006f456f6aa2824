import assert from "node:assert";
import { test } from "node:test";
import { openCatalog } from "./catalog.ts";
import { readJson, serveForTest } from "./running.ts";

type Product = {
  id: number;
  name: string;
  rating?: number;
  reviewCount?: number;
  reviews?: { author: string }[];
};
type List = { count: number; products: Product[] };

test("v1 lists, searches and finds products, without ratings", async (t) => {
  const origin = await serveForTest(t, openCatalog(":memory:", "v1"));
  const all = await fetch(`${origin}/products`);
  assert.strictEqual(all.headers.get("catalog-version"), "v1");
  assert.strictEqual((await readJson<List>(all)).count, 12);
  const found = await readJson<List>(fetch(`${origin}/products?q=LINEN&kind=yarn`));
  assert.deepStrictEqual(
    found.products.map((product) => product.id),
    [2],
  );
  const one = await readJson<Product>(fetch(`${origin}/products/1`));
  assert.strictEqual(one.name, "Highland wool, 4-ply");
  assert.ok(!("rating" in one) && !("reviews" in one));
});

test("v2 adds ratings and reviews", async (t) => {
  const origin = await serveForTest(t, openCatalog(":memory:", "v2"));
  const one = await fetch(`${origin}/products/1`);
  assert.strictEqual(one.headers.get("catalog-version"), "v2");
  const product = await readJson<Product>(one);
  assert.strictEqual(product.rating, 4.5);
  assert.strictEqual(product.reviewCount, 2);
  assert.deepStrictEqual(
    product.reviews?.map((review) => review.author),
    ["Ada", "Joseph"],
  );
});

test("wildcards of the database are plain characters in a search", async (t) => {
  const origin = await serveForTest(t, openCatalog(":memory:", "v1"));
  for (const q of ["%", "_", "\\"]) {
    const found = await readJson<List>(fetch(`${origin}/products?q=${encodeURIComponent(q)}`));
    assert.strictEqual(found.count, 0, q);
  }
});

test("an unknown product is 404", async (t) => {
  const origin = await serveForTest(t, openCatalog(":memory:", "v1"));
  for (const id of ["999", "abc", "1e3"])
    assert.strictEqual((await fetch(`${origin}/products/${id}`)).status, 404);
});

test("the ticker sends a price at once and ends when the service stops", async (t) => {
  const parts = openCatalog(":memory:", "v1");
  const origin = await serveForTest(t, parts);
  const response = await fetch(`${origin}/prices`);
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  parts.stop?.();
  const text = await response.text();
  assert.match(text, /^event: price\ndata: \{"productId":1,/);
  assert.ok(text.endsWith("\n\n"));
});
