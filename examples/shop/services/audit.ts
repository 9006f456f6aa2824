import { DatabaseSync } from "node:sqlite";
import { readCount, readText } from "./body.ts";
import { runService } from "./main.ts";
import type { Call, Reply, ServiceParts } from "./service.ts";

/**
 * Receives the copies that the gateway mirrors: every POST, at whatever path, is recorded.
 * `GET /audit?limit=` lists them, newest first.
 */
export function openAudit(data: string): ServiceParts {
  const db = new DatabaseSync(data);
  db.exec(`CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, path TEXT NOT NULL, channel TEXT NOT NULL, body TEXT NOT NULL)`);
  const insert = db.prepare("INSERT INTO entries VALUES (NULL, ?, ?, ?, ?)");
  const select = db.prepare("SELECT * FROM entries ORDER BY id DESC LIMIT ?");
  const record = async ({ request, url }: Call): Promise<Reply> => {
    const body = await readText(request);
    insert.run(new Date().toISOString(), url.pathname, String(request.headers["x-shop-channel"] ?? ""), body);
    return { status: 202, body: { recorded: true } };
  };
  return {
    name: "audit",
    routes: [
      ["GET", "/audit", ({ url }) => ({ body: { entries: select.all(readCount(url, "limit", 20, 200)) } })],
      ["POST", "*", record],
    ],
    close: () => db.close(),
  };
}

if (import.meta.main) await runService(openAudit);
