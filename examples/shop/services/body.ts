import type { IncomingMessage } from "node:http";
import { Refusal } from "./service.ts";

const maxBodyBytes = 65_536;

/** Reads a JSON object of at most 64 KiB; refuses anything else with 400 or 413. */
export async function readJsonObject(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = await readText(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "the body is no JSON object");
  }
  return value as Record<string, unknown>;
}

/** Reads a body of at most 64 KiB as UTF-8. */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBodyBytes) chunks.push(chunk);
  }
  // Only now: leaving the loop early would cut the connection, and the answer with it.
  if (bytes > maxBodyBytes) throw new Refusal(413, `the body is over ${maxBodyBytes} bytes`);
  return Buffer.concat(chunks).toString("utf8");
}

/** A whole number from the query within bounds; `fallback` when it is absent, 400 when it is anything else. */
export function readCount(url: URL, name: string, fallback: number, max: number): number {
  const text = url.searchParams.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max)
    throw new Refusal(400, `${name} must be a whole number up to ${max}`);
  return value;
}
