import { DatabaseSync } from "node:sqlite";
import { readCount, readJsonObject } from "./body.ts";
import { EventStreams } from "./event-stream.ts";
import { openLiveFeed } from "./live-feed.ts";
import { runService } from "./main.ts";
import { seedProducts } from "./seed.ts";
import { Refusal } from "./service.ts";
import type { Call, Reply, ServiceParts } from "./service.ts";

export type OrderItem = { productId: number; quantity: number };
export type Order = {
  id: number;
  createdAt: string;
  /** Where it came from: the `x-shop-channel` request header, which the gateway sets. */
  channel: string;
  note: string;
  totalCents: number;
  items: OrderItem[];
};

const maxItems = 20;
const maxQuantity = 99;

/**
 * `POST /orders` and `GET /orders?limit=`, `GET /orders/:id`; new orders are pushed on
 * `GET /orders/stream` (server-sent events) and on the WebSocket `/orders/live`.
 */
export function openOrders(data: string): ServiceParts {
  const store = openStore(data);
  const streams = new EventStreams();
  const live = openLiveFeed("/orders/live");
  const create = async (call: Call): Promise<Reply> => {
    const order = store.add(parseOrder(await readJsonObject(call.request)), readChannel(call));
    streams.send("order", order);
    live.send(order);
    return { status: 201, body: order };
  };
  return {
    name: "orders",
    routes: [
      ["GET", "/orders", ({ url }) => ({ body: { orders: store.latest(readCount(url, "limit", 20, 200)) } })],
      ["POST", "/orders", create],
      ["GET", "/orders/stream", ({ response }) => streams.add(response, recent(store, 3))],
      [
        "GET",
        "/orders/live",
        () => ({ status: 426, headers: { upgrade: "websocket" }, body: { error: "a WebSocket" } }),
      ],
      ["GET", "/orders/:id", ({ params }) => one(store, params[0] ?? "")],
    ],
    upgrade: live.upgrade,
    stop: () => {
      streams.close();
      live.close();
    },
    close: store.close,
  };
}

function recent(store: OrderStore, count: number): { event: string; data: Order }[] {
  const events = store.latest(count).map((order) => ({ event: "order", data: order }));
  return events.toReversed();
}

function one(store: OrderStore, id: string): Reply {
  const order = /^\d{1,9}$/.test(id) ? store.get(Number(id)) : undefined;
  if (!order) throw new Refusal(404, `there is no order ${id}`);
  return { body: order };
}

function readChannel({ request }: Call): string {
  const channel = request.headers["x-shop-channel"];
  return typeof channel === "string" && /^[a-z]{1,20}$/.test(channel) ? channel : "direct";
}

type NewOrder = { items: OrderItem[]; note: string };

function parseOrder(body: Record<string, unknown>): NewOrder {
  const { items, note = "" } = body;
  if (typeof note !== "string" || note.length > 200)
    throw new Refusal(400, "note must be text of up to 200 characters");
  if (!Array.isArray(items) || items.length === 0 || items.length > maxItems) {
    throw new Refusal(400, `items must be a list of 1 to ${maxItems}`);
  }
  return { note, items: items.map(parseItem) };
}

function parseItem(item: unknown): OrderItem {
  const { productId, quantity = 1 } = (item ?? {}) as Record<string, unknown>;
  if (typeof productId !== "number" || !prices.has(productId))
    throw new Refusal(400, `there is no product ${productId}`);
  if (typeof quantity !== "number" || !Number.isInteger(quantity) || quantity < 1 || quantity > maxQuantity) {
    throw new Refusal(400, `quantity must be a whole number from 1 to ${maxQuantity}`);
  }
  return { productId, quantity };
}

// The client never names a price: the total is made here.
const prices = new Map(seedProducts.map((product) => [product.id, product.priceCents]));

type OrderStore = {
  add: (order: NewOrder, channel: string) => Order;
  get: (id: number) => Order | undefined;
  latest: (limit: number) => Order[];
  close: () => void;
};

function openStore(data: string): OrderStore {
  const db = new DatabaseSync(data);
  db.exec(`CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, created_at TEXT NOT NULL, channel TEXT NOT NULL,
    note TEXT NOT NULL, total_cents INTEGER NOT NULL, items TEXT NOT NULL)`);
  const insert = db.prepare("INSERT INTO orders VALUES (NULL, ?, ?, ?, ?, ?) RETURNING *");
  const select = db.prepare("SELECT * FROM orders WHERE id = ?");
  const selectLatest = db.prepare("SELECT * FROM orders ORDER BY id DESC LIMIT ?");
  const store: OrderStore = {
    add: ({ items, note }, channel) => {
      const total = items.reduce((sum, item) => sum + item.quantity * (prices.get(item.productId) ?? 0), 0);
      return readRow(insert.get(new Date().toISOString(), channel, note, total, JSON.stringify(items))!);
    },
    get: (id) => {
      const row = select.get(id);
      return row && readRow(row);
    },
    latest: (limit) => selectLatest.all(limit).map(readRow),
    close: () => db.close(),
  };
  if (store.latest(1).length === 0) seed(store);
  return store;
}

function seed(store: OrderStore): void {
  store.add({ items: [{ productId: 1, quantity: 6 }], note: "for the spring warp" }, "seed");
  store.add({ items: [{ productId: 10, quantity: 2 }], note: "" }, "seed");
  store.add(
    {
      items: [
        { productId: 5, quantity: 4 },
        { productId: 6, quantity: 1 },
      ],
      note: "gift",
    },
    "seed",
  );
}

function readRow(row: Record<string, unknown>): Order {
  return {
    id: row["id"] as number,
    createdAt: row["created_at"] as string,
    channel: row["channel"] as string,
    note: row["note"] as string,
    totalCents: row["total_cents"] as number,
    items: JSON.parse(row["items"] as string) as OrderItem[],
  };
}

if (import.meta.main) await runService(openOrders);
