import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { StoredResponse } from "./stored-response.ts";

export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "heddle-cache-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, maxRetries: 3 });
  }
}

export function storedResponse(
  key: string,
  body: string | Buffer,
  change: Partial<StoredResponse> = {},
): StoredResponse {
  return {
    key,
    uri: "http://a/",
    varyNames: [],
    variant: "",
    status: 200,
    pairs: [["content-type", "text/plain"]],
    body: Buffer.from(body),
    tags: ["a"],
    etag: '"1"',
    lastModified: undefined,
    dateMs: 1,
    askedMs: 2,
    arrivedMs: 3,
    ageOnArrivalMs: 4,
    freshMs: 5,
    isExplicit: true,
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    mayBeStale: true,
    mustAsk: false,
    ...change,
  };
}
