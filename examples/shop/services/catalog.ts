import { DatabaseSync } from "node:sqlite";
import { EventStreams } from "./event-stream.ts";
import { openPriceTicker } from "./price-ticker.ts";
import { runService } from "./main.ts";
import { seedProducts, seedReviews } from "./seed.ts";
import { Refusal } from "./service.ts";
import type { Reply, ServiceParts } from "./service.ts";

export type CatalogVersion = "v1" | "v2";

/**
 * The product list. `GET /products?q=&kind=`, `GET /products/:id`, and `GET /prices`, a ticker as
 * server-sent events. v2 adds ratings to both and the reviews to one product; the `catalog-version`
 * response header says which of them answered.
 */
export function openCatalog(data: string, version: CatalogVersion): ServiceParts {
  const db = openDatabase(data);
  const streams = new EventStreams();
  const ticker = openPriceTicker(streams);
  return {
    name: "catalog",
    headers: { "catalog-version": version },
    routes: [
      ["GET", "/products", ({ url }) => listProducts(db, version, url)],
      ["GET", "/products/:id", ({ params }) => oneProduct(db, version, params[0] ?? "")],
      ["GET", "/prices", ({ response }) => streams.add(response, [{ event: "price", data: ticker.next() }])],
    ],
    stop: () => {
      ticker.close();
      streams.close();
    },
    close: () => db.close(),
  };
}

const columns = "id, name, kind, price_cents AS priceCents, color, description";
const ratedColumns = `${columns},
  (SELECT round(avg(stars), 1) FROM reviews WHERE product_id = products.id) AS rating,
  (SELECT count(*) FROM reviews WHERE product_id = products.id) AS reviewCount`;

function listProducts(db: DatabaseSync, version: CatalogVersion, url: URL): Reply {
  const pattern = `%${(url.searchParams.get("q") ?? "").replace(/[\\%_]/g, "\\$&")}%`;
  const kind = url.searchParams.get("kind") ?? "";
  const products = db
    .prepare(
      `SELECT ${version === "v2" ? ratedColumns : columns} FROM products
       WHERE (name LIKE ?1 ESCAPE '\\' OR description LIKE ?1 ESCAPE '\\') AND (?2 = '' OR kind = ?2) ORDER BY id`,
    )
    .all(pattern, kind);
  return { body: { version, count: products.length, products } };
}

function oneProduct(db: DatabaseSync, version: CatalogVersion, id: string): Reply {
  const product = /^\d{1,9}$/.test(id)
    ? db
        .prepare(`SELECT ${version === "v2" ? ratedColumns : columns} FROM products WHERE id = ?`)
        .get(Number(id))
    : undefined;
  if (!product) throw new Refusal(404, `there is no product ${id}`);
  if (version === "v1") return { body: { version, ...product } };
  const reviews = db.prepare("SELECT stars, author, text FROM reviews WHERE product_id = ?").all(Number(id));
  return { body: { version, ...product, reviews } };
}

function openDatabase(data: string): DatabaseSync {
  const db = new DatabaseSync(data);
  db.exec(`
    CREATE TABLE IF NOT EXISTS products (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL,
      price_cents INTEGER NOT NULL, color TEXT NOT NULL, description TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS reviews (
      product_id INTEGER NOT NULL, stars INTEGER NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL,
      PRIMARY KEY (product_id, author));`);
  const addProduct = db.prepare("INSERT OR IGNORE INTO products VALUES (?, ?, ?, ?, ?, ?)");
  for (const p of seedProducts) addProduct.run(p.id, p.name, p.kind, p.priceCents, p.color, p.description);
  const addReview = db.prepare("INSERT OR IGNORE INTO reviews VALUES (?, ?, ?, ?)");
  for (const r of seedReviews) addReview.run(r.productId, r.stars, r.author, r.text);
  return db;
}

if (import.meta.main) {
  const version = process.env["VERSION"] === "v2" ? "v2" : "v1";
  await runService((data) => openCatalog(data, version));
}
