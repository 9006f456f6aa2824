import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { FAULTS } from "../base/index.ts";

/** A row of the page: code, source, status, gRPC code, retry, connection, level, meaning. */
const ROW =
  /^\| `(HDL_[A-Z_]+)` +\| (\w+) +\| (\d{3}) +\| (\d+) +\| ([a-z-]+) +\| (close|keep) +\| (\w+) +\| (.+?) +\|$/gm;

describe("docs/reference/faults.md", () => {
  const page = readFileSync(new URL("../../../docs/reference/faults.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(ROW)];

  it("has a row for each fault, with what the table says", () => {
    assert.deepEqual(
      rows
        .map(([, code, source, status, grpc, retry, connection, level]) => [
          code,
          { source, status: Number(status), grpc: Number(grpc), retry, close: connection === "close", level },
        ])
        .sort(),
      Object.entries(FAULTS).sort(),
    );
  });

  it("names no other code", () => {
    for (const [code] of page.matchAll(/HDL_[A-Z_]+/g)) assert.ok(code in FAULTS, code);
  });

  it("says what each means and what to do", () => {
    for (const [, code, , , , , , , meaning] of rows) assert.ok(meaning.length > 30, code);
  });
});
