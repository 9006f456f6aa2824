import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { decodeHuffman } from "./huffman-decode.ts";
import { encodeHuffman } from "./huffman-encode.ts";
import { decodeBlock } from "./hpack.suite.ts";
import { HpackDecoder } from "./decoder.ts";

interface Story {
  readonly title: string;
  readonly tableSize: number;
  readonly blocks: { readonly hex: string; readonly fields: string[]; readonly size: number }[];
}

/**
 * RFC 7541 appendix C. A line "= title" begins a story that shares a table, "@ N" limits it; "> hex" is a block, "< name:
 * value" a field of it, "# N" the size of the table behind it.
 */
function parseStories(text: string): Story[] {
  const stories: Story[] = [];
  for (const line of text.split("\n")) {
    const rest = line.slice(2);
    const story = stories[stories.length - 1];
    const block = story?.blocks[story.blocks.length - 1];
    if (line.startsWith("= ")) stories.push({ title: rest, tableSize: 4096, blocks: [] });
    else if (line.startsWith("@ ")) (story as { tableSize: number }).tableSize = Number(rest);
    else if (line.startsWith("> "))
      story.blocks.push({ hex: rest.replaceAll(" ", ""), fields: [], size: -1 });
    else if (line.startsWith("< ")) block.fields.push(rest);
    else if (line.startsWith("# ")) (block as { size: number }).size = Number(rest);
  }
  return stories;
}

const file = path.join(import.meta.dirname, "testdata/appendix-c.txt");
const stories = parseStories(readFileSync(file, "utf8"));

suite("RFC 7541 appendix C", () => {
  test("all examples of header fields are there", () => {
    assert.equal(stories.length, 8);
    assert.equal(stories.flatMap(({ blocks }) => blocks).length, 16);
  });

  for (const { title, tableSize, blocks } of stories) {
    test(title, () => {
      const decoder = new HpackDecoder();
      // The examples with evictions are of a smaller table, which was set before the first of them.
      if (tableSize === 256) decodeBlock(decoder, Buffer.from("3fe101", "hex"));
      for (const { hex, fields, size } of blocks) {
        const decoded = decodeBlock(decoder, Buffer.from(hex, "hex"));
        assert.deepEqual(
          decoded.fields.map(([name, value]) => `${name}: ${value}`),
          fields,
        );
        assert.equal(decoded.problem, "");
        assert.equal(decoder.tableSize, size);
      }
    });
  }

  test("C.1: integers: 10 and 1337 with a prefix of 5 bits, 42 with one of 8", () => {
    // A table size update has a prefix of 5 bits; 42 is the length of a name, behind its bit for Huffman code.
    assert.equal(decodeBlock(new HpackDecoder(), Buffer.from("2a", "hex")).problem, "");
    assert.equal(decodeBlock(new HpackDecoder(), Buffer.from("3f9a0a", "hex")).problem, "");
    const name = "n".repeat(42);
    const block = Buffer.concat([Buffer.of(0x00, 0x2a), Buffer.from(name), Buffer.of(0x00)]);
    assert.deepEqual(decodeBlock(new HpackDecoder(), block).fields, [[name, "", false]]);
  });

  test("C.4 and C.6: their strings in Huffman code, both ways", () => {
    const examples: [string, string][] = [
      ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
      ["no-cache", "a8eb10649cbf"],
      ["custom-key", "25a849e95ba97d7f"],
      ["custom-value", "25a849e95bb8e8b4bf"],
      ["302", "6402"],
      ["private", "aec3771a4b"],
      ["Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"],
      ["https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"],
      ["307", "640eff"],
      ["gzip", "9bd9ab"],
    ];
    for (const [text, hex] of examples) {
      assert.equal(Buffer.from(encodeHuffman(text), "latin1").toString("hex"), hex);
      const out = new Uint8Array(100);
      const octets = Buffer.from(hex, "hex");
      const size = decodeHuffman(octets, 0, octets.length, out);
      assert.equal(Buffer.from(out.subarray(0, size)).toString("latin1"), text);
    }
  });
});
