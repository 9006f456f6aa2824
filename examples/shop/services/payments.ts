import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { readCount, readJsonObject } from "./body.ts";
import { runService } from "./main.ts";
import { Refusal } from "./service.ts";
import type { Call, Reply, ServiceParts } from "./service.ts";

const maxDelayMs = 60_000;

/**
 * `POST /charge` (idempotent by its `idempotency-key` header), `GET /slow?ms=` (answers after so many
 * milliseconds) and `GET /flaky`, of which every third call fails: in turns with 503 and by a dropped
 * connection, or always the one that `?how=503|drop` names.
 */
export function openPayments(data: string): ServiceParts {
  const db = new DatabaseSync(data);
  db.exec(`CREATE TABLE IF NOT EXISTS charges (
    key TEXT PRIMARY KEY, id INTEGER NOT NULL, amount_cents INTEGER NOT NULL, charged_at TEXT NOT NULL)`);
  if (countCharges(db) === 0) addCharge(db, "seed", 7500);
  const stopped = new AbortController();
  const flaky = { calls: 0, failures: 0 };
  return {
    name: "payments",
    routes: [
      ["POST", "/charge", (call) => charge(db, call)],
      ["GET", "/slow", (call) => slow(call, stopped.signal)],
      ["GET", "/flaky", (call) => answerFlaky(call, flaky)],
    ],
    stop: () => stopped.abort(),
    close: () => db.close(),
  };
}

async function charge(db: DatabaseSync, { request }: Call): Promise<Reply> {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string" || !/^[\w-]{1,100}$/.test(key)) {
    throw new Refusal(400, "idempotency-key must be 1 to 100 letters, digits, _ or -");
  }
  const { amountCents } = await readJsonObject(request);
  if (typeof amountCents !== "number" || !Number.isSafeInteger(amountCents) || amountCents < 1) {
    throw new Refusal(400, "amountCents must be a whole number above 0");
  }
  const earlier = findCharge(db, key);
  if (!earlier) return { status: 201, body: addCharge(db, key, amountCents) };
  if (earlier.amountCents !== amountCents) {
    throw new Refusal(422, `idempotency-key ${key} was used for another amount`);
  }
  return { headers: { "idempotent-replay": "true" }, body: earlier };
}

type Charge = { id: number; key: string; amountCents: number; chargedAt: string };

function findCharge(db: DatabaseSync, key: string): Charge | undefined {
  const row = db
    .prepare(
      "SELECT id, key, amount_cents AS amountCents, charged_at AS chargedAt FROM charges WHERE key = ?",
    )
    .get(key);
  return row as Charge | undefined;
}

function addCharge(db: DatabaseSync, key: string, amountCents: number): Charge {
  const charge = { id: 1001 + countCharges(db), key, amountCents, chargedAt: new Date().toISOString() };
  db.prepare("INSERT INTO charges VALUES (?, ?, ?, ?)").run(key, charge.id, amountCents, charge.chargedAt);
  return charge;
}

function countCharges(db: DatabaseSync): number {
  return db.prepare("SELECT count(*) AS count FROM charges").get()?.["count"] as number;
}

async function slow({ url, response }: Call, stopped: AbortSignal): Promise<Reply | void> {
  const ms = readCount(url, "ms", 2_000, maxDelayMs);
  const left = new AbortController();
  response.once("close", () => left.abort());
  try {
    await delay(ms, undefined, { signal: AbortSignal.any([stopped, left.signal]) });
  } catch {
    if (left.signal.aborted) return;
    throw new Refusal(503, "payments is stopping");
  }
  return { body: { waitedMs: ms } };
}

function answerFlaky({ request, url }: Call, state: { calls: number; failures: number }): Reply | void {
  state.calls += 1;
  if (state.calls % 3 !== 0) return { body: { call: state.calls } };
  state.failures += 1;
  const how = url.searchParams.get("how") ?? (state.failures % 2 === 1 ? "503" : "drop");
  if (how !== "drop") throw new Refusal(503, `call ${state.calls} fails, as every third does`);
  request.socket.destroy();
}

if (import.meta.main) await runService(openPayments);
