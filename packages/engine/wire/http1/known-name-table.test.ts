import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { KNOWN_NAMES } from "../../message/index.ts";
import { knownNameIdAt } from "./known-name-table.ts";

const idOf = (name: string) => knownNameIdAt(Buffer.from(`..${name}:`), 2, 2 + name.length);

test("every known name has its id, in any case", () => {
  KNOWN_NAMES.forEach((name, id) => {
    if (name === "") return;
    assert.equal(idOf(name), id);
    assert.equal(idOf(name.toUpperCase()), id);
    assert.equal(idOf(name[0].toUpperCase() + name.slice(1)), id);
  });
});

test("a name that differs in one octet or in length has none", () => {
  const known = new Set<string>(KNOWN_NAMES);
  for (const name of KNOWN_NAMES) {
    for (let i = 0; i < name.length; i++) {
      for (const c of "axz-_!~09") {
        const other = name.slice(0, i) + c + name.slice(i + 1);
        if (!known.has(other)) assert.equal(idOf(other), 0, other);
      }
      if (!known.has(name.slice(0, i))) assert.equal(idOf(name.slice(0, i)), 0);
    }
    if (name !== "") assert.equal(idOf(`${name}s`), 0);
  }
});
