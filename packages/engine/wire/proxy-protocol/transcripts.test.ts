import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { ProxyHeaderReader } from "./index.ts";

const folder = path.join(import.meta.dirname, "testdata");

interface Case {
  readonly title: string;
  input: string;
  readonly events: string[];
}

/**
 * A file holds cases:
 *
 *   === title
 *   >> text          input; knows \r \n \t \0 and \xHH
 *   >* 20 text       the text so many times
 *   < event          what comes out
 */
function parseCases(text: string): Case[] {
  const cases: Case[] = [];
  for (const [, mark, rest] of text.matchAll(/^(===|>>|>\*|<) (.*)$/gm)) {
    const last = cases.at(-1)!;
    if (mark === "===") cases.push({ title: rest!, input: "", events: [] });
    else if (mark === "<") last.events.push(rest!);
    else if (mark === ">>") last.input += unescape(rest!);
    else last.input += rest!.slice(rest!.indexOf(" ") + 1).repeat(Number.parseInt(rest!, 10));
  }
  return cases;
}

function unescape(text: string): string {
  const named: Record<string, string> = { r: "\r", n: "\n", t: "\t", 0: "\0" };
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, name: string) =>
    hex === undefined ? named[name]! : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/**
 * Reads the input in pieces that end at `cuts`, each in the same buffer, as from a socket, which is wiped afterwards.
 * A mistake may be told before the last piece: what comes after it is not read.
 */
function play(input: Buffer, cuts: readonly number[]): string[] {
  const reader = new ProxyHeaderReader();
  const shared = Buffer.alloc(input.length);
  let start = 0;
  for (const end of [...cuts, input.length]) {
    input.copy(shared, 0, start, end);
    const length = end - start;
    start = end;
    if (length === 0) continue;
    const header = reader.read(shared, length);
    const rest = shared.toString("latin1", reader.restAt, length) + input.toString("latin1", end);
    shared.fill(0x21);
    if (header === "partial") continue;
    if (typeof header === "string") return [`mistake ${header}`];
    assert.equal(header.length + rest.length, input.length);
    const { addresses: own } = header;
    const addresses =
      own === null
        ? "own addresses"
        : `${own.sourceAddress} ${own.sourcePort} to ${own.destinationAddress} ${own.destinationPort}`;
    return [`v${header.version} ${addresses}`, ...(rest === "" ? [] : [`rest ${JSON.stringify(rest)}`])];
  }
  return ["partial"];
}

for (const file of readdirSync(folder)) {
  suite(file, () => {
    for (const { title, input, events } of parseCases(readFileSync(path.join(folder, file), "utf8"))) {
      test(title, () => {
        assert.ok(events.length > 0, "a case without events shows nothing");
        const bytes = Buffer.from(input, "latin1");
        assert.deepEqual(play(bytes, []), events);
        for (let cut = 0; cut <= bytes.length; cut++) {
          assert.deepEqual(play(bytes, [cut]), events, `split at ${cut}`);
        }
        const everywhere = Array.from({ length: bytes.length }, (_, at) => at);
        assert.deepEqual(play(bytes, everywhere), events, "octet by octet");
      });
    }
  });
}
