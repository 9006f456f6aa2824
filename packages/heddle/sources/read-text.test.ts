import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { runToEnd, seededRandom } from "@heddle/engine/base";
import { parseDocuments } from "../resources/index.ts";
import type { Reading } from "./reading.ts";
import { readText, TextMemo } from "./read-text.ts";
import { AsciiText, type SourceText } from "./source-text.ts";

/** A reading whose resources are a plain list. */
const read = (text: SourceText, memo?: TextMemo) => flat(readChunks(text, memo));

const flat = (reading: Reading) => ({ ...reading, resources: reading.resources.toArray() });

function readChunks(text: SourceText, memo: TextMemo = new TextMemo()): Reading {
  return runToEnd(readText(text, "a.yaml", memo));
}

const backend = (name: string, url = "http://127.0.0.1:1") =>
  `---\napiVersion: heddle.dev/v1alpha1\nkind: Backend\nmetadata: { name: ${name} }\nspec:\n  url: ${url}\n`;

test("gives resources with the places of their fields in the whole file", () => {
  const { resources, rejected, unreadable } = read(backend("a") + backend("b"));
  assert.deepEqual([rejected, unreadable], [[], []]);
  assert.deepEqual(
    resources.map(({ key }) => key),
    ["heddle.dev/Backend/default/a", "heddle.dev/Backend/default/b"],
  );
  assert.deepEqual(resources[1]!.origin.position("spec.url"), { line: 12, column: 3 });
});

test("a document that did not change is the same object, also when it moved", () => {
  const memo = new TextMemo();
  const first = read(backend("a") + backend("b"), memo);
  const second = read(backend("new") + backend("a") + backend("b", "http://127.0.0.1:2"), memo);
  assert.equal(second.resources[1]!.resource, first.resources[0]!.resource);
  assert.notEqual(second.resources[2]!.resource, first.resources[1]!.resource);
  assert.deepEqual(second.resources[1]!.origin.position("spec.url"), { line: 12, column: 3 });
});

test("a document that is not valid is rejected under its name, others go on", () => {
  const { resources, rejected } = read(backend("a") + backend("bad", "ftp://x"));
  assert.deepEqual(
    resources.map(({ resource }) => resource.metadata.name),
    ["a"],
  );
  assert.equal(rejected[0]!.key, "heddle.dev/Backend/default/bad");
  assert.equal(rejected[0]!.problems[0]!.path, "spec.url");
});

test("what does not say what it is has no key", () => {
  const { rejected } = read(
    "apiVersion: v1\nkind: Nonsense\nmetadata: { name: a }\n---\n- 1\n---\nkind: Secret\n",
  );
  assert.deepEqual(
    rejected.map(({ key, kind }) => [key, kind]),
    [
      [undefined, "Nonsense"],
      [undefined, ""],
      [undefined, "Secret"],
    ],
  );
});

test("text that cannot be read is placed in the whole file", () => {
  const { resources, unreadable } = read(`${backend("a")}---\na: [1\n`);
  assert.equal(resources.length, 1);
  assert.equal(unreadable[0]!.fileName, "a.yaml");
  assert.ok(unreadable[0]!.line! >= 8, JSON.stringify(unreadable));
});

const items = (count: number) => Array.from({ length: count }, (_, at) => jsonBackend(`b${at}`));

const jsonBackend = (name: string, url = "http://127.0.0.1:1") => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind: "Backend",
  metadata: { name },
  spec: { url },
});

const list = (all: readonly unknown[], indent?: number) =>
  JSON.stringify({ apiVersion: "v1", kind: "List", items: all }, null, indent);

test("of a JSON list of 300 only the item that changed is read, wherever the others moved", () => {
  const memo = new TextMemo();
  const before = items(300);
  const first = new Set(read(list(before), memo).resources.map(({ resource }) => resource));
  const after = [
    jsonBackend("b7", "http://127.0.0.1:2"),
    ...before.toReversed().filter((_, at) => at !== 292),
  ];
  const second = read(list(after), memo).resources;
  assert.equal(second.length, 300);
  assert.deepEqual(
    second.filter(({ resource }) => !first.has(resource)).map(({ resource }) => resource.metadata.name),
    ["b7"],
  );
});

test("of a YAML file of 300 documents only the one that changed is read", () => {
  const memo = new TextMemo();
  const names = items(300).map(({ metadata }) => metadata.name);
  const first = new Set(
    read(names.map((name) => backend(name)).join(""), memo).resources.map((one) => one.resource),
  );
  const changed = names
    .map((name) => backend(name, name === "b7" ? "http://127.0.0.1:2" : undefined))
    .join("");
  const second = read(changed, memo).resources.filter(({ resource }) => !first.has(resource));
  assert.deepEqual(
    second.map(({ resource }) => resource.metadata.name),
    ["b7"],
  );
});

test("a text that is a list now and a document then is read as what it is", () => {
  const memo = new TextMemo();
  const inner = list(items(1));
  const keys = (text: string) => read(text, memo).resources.map(({ key }) => key);
  const nested = list([JSON.parse(inner)]);
  assert.deepEqual(keys(inner), ["heddle.dev/Backend/default/b0"]);
  assert.deepEqual(keys(nested), [], "a list in a list is no resource");
  assert.deepEqual(keys(inner), ["heddle.dev/Backend/default/b0"]);
  assert.deepEqual(keys(`# a comment makes it YAML\n${inner}`), ["heddle.dev/Backend/default/b0"]);
});

/** A reading with the place of each problem, and of fields that have none. */
const placed = ({ resources, rejected, unreadable }: ReturnType<typeof flat>) => ({
  resources: resources.map(({ key, resource, problems, origin }) => [
    key,
    resource,
    problems.map((problem) => [problem, origin.position(problem.path)]),
    origin.position("spec.rules[0].matches[0]"),
  ]),
  rejected: rejected.map(({ key, kind, document, problems, origin }) => [
    key,
    kind,
    document,
    problems.map((problem) => [problem, origin.position(problem.path)]),
  ]),
  unreadable,
});

test("JSON gives what the same text as YAML gives, with the places of everything that is wrong", () => {
  const folder = path.join(import.meta.dirname, "../compile/testdata");
  const cases = readdirSync(folder).filter((name) => name.endsWith(".in.yaml"));
  for (const file of cases.filter((_, at) => at % 8 === 0)) {
    const text = readFileSync(path.join(folder, file), "utf8");
    const documents: unknown[] = parseDocuments(text, file).documents.map(({ value }) => value);
    const odd = [null, [], { kind: "List", items: [{ kind: "Nope" }, 1] }, { kind: 1 }];
    for (const indent of [undefined, 2]) {
      const json = list([...documents, ...odd.slice(file.length % 2)], indent);
      // A comment is all that makes it no JSON.
      assert.deepEqual(placed(read(json)), placed(read(`${json} # x`)), file);
    }
  }
});

test("a mistake in the text of a JSON list is told as YAML tells it", () => {
  for (const broken of ['{"a":1,"a":2}', '{"a":[1}', "nonsense: {", '{"a":"b}']) {
    const text = `{"kind":"List","items":[${JSON.stringify(jsonBackend("a"))},\n${broken}\n]}`;
    assert.ok(read(text).unreadable.length > 0, broken);
    assert.deepEqual(read(text).unreadable, parseDocuments(text, "a.yaml").problems, broken);
  }
});

/** Pieces of either kind, whole and broken, as somebody who edits a file would leave them. */
const texts = {
  yaml: {
    document: (name: string, port: number) => backend(name, `http://127.0.0.1:${port}`),
    odd: [
      "---\na: [1\n",
      "...\n%TAG ! tag:x.test,2000:\n",
      "---\na: 1",
      "---\n",
      "# a comment\n",
      "%YAML 1.2\n",
      "---",
      "\n",
      "---\nkind: Nope\n",
      "- 1\r\n",
    ],
    join: (all: readonly string[]) => all.join(""),
  },
  json: {
    document: (name: string, port: number) => JSON.stringify(jsonBackend(name, `http://127.0.0.1:${port}`)),
    odd: ["{", "}", '"', "1", "{}", '{"kind":"Nope"}', '{"a":1,"a":2}', "[1]", "", "]"],
    join: (all: readonly string[]) => `{"apiVersion":"v1","kind":"List","items":[\n${all.join(",\n")}\n]}`,
  },
  "json on one line": {
    document: (name: string, port: number) => JSON.stringify(jsonBackend(name, `http://127.0.0.1:${port}`)),
    odd: ["{", '{"kind":"Nope","x":\n1}', "{}", ","],
    join: (all: readonly string[]) => `{"apiVersion":"v1","kind":"List","items":[${all.join(",")}]}`,
  },
};

/** Versions of a text as octets: those that nobody needs any more are written over, as a file's are. */
class Versions {
  private last: AsciiText | null = null;

  read(text: string, memo: TextMemo): Reading {
    const next = new AsciiText(Buffer.from(text));
    const reading = readChunks(next, memo);
    if (this.last !== null && !memo.holds(this.last)) this.last.release().fill("#");
    this.last = next;
    return reading;
  }
}

for (const [kind, { document, odd, join }] of Object.entries(texts)) {
  test(`${kind}: whatever changes, a text reads as if it were read for the first time`, () => {
    for (const seed of [1, 2, 3, 4]) {
      const versions = seed > 2 ? new Versions() : null;
      const random = seededRandom(seed);
      const under = (limit: number) => Math.floor(random.next() * limit);
      const memo = new TextMemo();
      const start = Array.from({ length: 12 }, (_, at) => document(`b${at}`, 1));
      // One begins with a mistake: what is known of its text is not all good.
      let all = seed % 2 === 1 ? start.with(3, odd[0]!) : start;
      for (let round = 0; round < 100; round++) {
        const before = all;
        for (let edits = under(3); edits > 0; edits--) {
          const at = under(all.length + 1);
          const piece = under(4) === 0 ? odd[under(odd.length)]! : document(`b${under(30)}`, under(65_536));
          all = all.toSpliced(at, under(3), ...(under(4) === 0 ? [] : [piece]));
        }
        const at = under(3) === 0 ? under(join(all).length) : Infinity;
        const text = join(all).slice(0, at) + join(all).slice(at + 1 + under(2));
        const fresh = read(text);
        const kept = versions === null ? read(text, memo) : flat(versions.read(text, memo));
        const seen = `seed ${seed}, round ${round}: ${text}`;
        assert.deepEqual(kept.unreadable, fresh.unreadable, seen);
        if (fresh.unreadable.length === 0) assert.deepEqual(placed(kept), placed(fresh), seen);
        else if (round > 5) all = before;
      }
    }
  });
}

/** An edit of a long list, as it takes the one before to the next; `fresh` makes a document of a name nobody has. */
const longEdits = {
  "at the beginning": (all, fresh) => [fresh(), ...all.slice(1)],
  "in the middle": (all, fresh, at) => all.with(at, fresh()),
  "of the same length": (all, _, at) => all.with(at, all[at]!.replaceAll("127.0.0.1", "127.0.0.2")),
  "at the end": (all, fresh) => [...all.slice(0, -1), fresh(), fresh()],
  "of many": (all, fresh, at) => all.toSpliced(at, 300, ...Array.from({ length: 320 }, fresh)),
  "in two places": (all, fresh, at) => all.toSpliced(at, 1).with(at >> 1, fresh()),
  "one that moves far": (all, _, at) => [...all.toSpliced(at, 1), all[at]!],
  "one that is there twice": (all, _, at) => all.toSpliced(at, 0, all[at >> 1]!),
} satisfies Record<string, (all: readonly string[], fresh: () => string, at: number) => readonly string[]>;

for (const [kind, { document, odd, join }] of Object.entries(texts)) {
  test(`${kind}: a list of 1,100 reads after each edit as if it were read for the first time`, () => {
    const random = seededRandom(5);
    const versions = new Versions();
    const memo = new TextMemo();
    let made = 0;
    const fresh = () => document(`n${made++}`, 1 + (made % 65_000));
    let all: readonly string[] = Array.from({ length: 1_100 }, fresh);
    versions.read(join(all), memo);
    for (const [name, edit] of [...Object.entries(longEdits), ...Object.entries(longEdits)]) {
      const at = Math.floor(random.next() * all.length);
      // A mistake first, which takes nothing from what is known, and what is no resource, which stays.
      const broken = join(all.toSpliced(at, 0, odd[0]!));
      assert.deepEqual(versions.read(broken, memo).unreadable, readChunks(broken).unreadable, name);
      all = edit(all, fresh, at);
      if (at % 3 === 0)
        all = all.toSpliced(
          at >> 1,
          0,
          odd.find((one) => one.includes("Nope"))!,
        );
      const [kept, whole] = [flat(versions.read(join(all), memo)), read(join(all))];
      const withoutPlaces = ({ key, resource }: (typeof kept.resources)[number]) => [key, resource];
      assert.deepEqual(kept.resources.map(withoutPlaces), whole.resources.map(withoutPlaces), name);
      // To ask for a place reads a piece again.
      const some = ({ resources, ...more }: typeof kept) =>
        placed({ ...more, resources: resources.filter((_, index) => index % 53 === at % 53) });
      assert.deepEqual(some(kept), some(whole), name);
    }
  });
}

for (const [kind, { document, join }] of Object.entries(texts)) {
  test(`${kind}: a change of one of 2,000 resources leaves all chunks but those around it the same`, () => {
    const memo = new TextMemo();
    const all = Array.from({ length: 2_000 }, (_, at) => document(`b${at}`, 1));
    let before = readChunks(join(all), memo).resources;
    assert.ok(before.chunks.length > 10);
    for (const at of [0, 1_000, 1_999]) {
      all[at] = document(`b${at}`, 22_222);
      const after = readChunks(join(all), memo).resources;
      const others = after.chunks.filter((chunk) => !before.chunks.includes(chunk));
      assert.ok(others.length >= 1 && others.length <= 2, `${others.length} are others`);
      assert.equal(after.length, 2_000);
      before = after;
    }
  });
}

test("places are right behind an edit at any end of a chunk, and where a line ends among others", () => {
  const memo = new TextMemo();
  const all = items(700).map((item) => JSON.stringify(item));
  const breakBehind = (at: number) => (at % 170 === 169 ? "\n" : "");
  const join = () => list([]).replace("]", `${all.map((one, at) => one + breakBehind(at)).join(",")}]`);
  let end = 0;
  const ends = readChunks(join(), memo).resources.chunks.map(({ length }) => (end += length));
  assert.ok(ends.length > 3);
  const near = ends.flatMap((end) => [end - 1, end, end + 1]).filter((at) => at >= 0 && at < all.length);
  const looked = [...near, 168, 169, 170, 171, 339, 340, 341, 509, 510, 511, 699];
  for (const at of near) {
    all[at] = JSON.stringify(jsonBackend(`b${at}`, `http://127.0.0.1:${10_000 + at}`));
    const places = ({ resources }: ReturnType<typeof flat>) =>
      looked.map((index) => resources[index]!.origin.position("spec.url"));
    assert.deepEqual(places(read(join(), memo)), places(read(join())), `edit at ${at}`);
  }
});

test("a mistake that was there from the first is told where it is now", () => {
  const memo = new TextMemo();
  const text = `${backend("a")}${backend("b")}---\na: [1\n${backend("c")}`;
  read(text, memo);
  const moved = text.replace("name: a", "name: a,\n  labels: {}");
  assert.deepEqual(read(moved, memo).unreadable, read(moved).unreadable);
});

test("a change in the middle of a text leaves what is given for all the others the same objects", () => {
  for (const { document, join } of Object.values(texts)) {
    const memo = new TextMemo();
    const all = Array.from({ length: 9 }, (_, at) => document(`b${at}`, 1));
    const first = read(join(all), memo).resources;
    const second = read(join(all.with(4, document("b4", 22_222))), memo).resources;
    assert.deepEqual(
      second.flatMap((one, at) => (one === first[at] ? [] : [at])),
      [4],
    );
  }
});
