import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { seededRandom } from "@heddle/engine/base";
import { FileSource } from "./file-source.ts";
import type { Reading } from "./reading.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "heddle-files-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const backend = (name: string, port = 1) =>
  `apiVersion: heddle.dev/v1alpha1\nkind: Backend\nmetadata: { name: ${name} }\nspec: { url: "http://127.0.0.1:${port}" }\n`;

function put(name: string, text: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const source = (...paths: string[]) =>
  new FileSource({ paths: paths.length === 0 ? [folder] : paths, routePort: 8080 });
const names = (readings: readonly Reading[]) =>
  readings.flatMap(({ resources }) => Array.from(resources, ({ resource }) => resource.metadata.name));
const messages = (readings: readonly Reading[]) =>
  readings.flatMap(({ unreadable }) =>
    unreadable.map(({ fileName, message }) => `${path.basename(fileName)}: ${message}`),
  );

test("reads folders with all below, and leaves out what is no configuration", async () => {
  put("b.yml", backend("b"));
  put("a.yaml", backend("a"));
  put("more/c.json", JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "c" } }));
  for (const other of [".hidden.yaml", ".git/x.yaml", "a.yaml~", "notes.txt", "node_modules/x/a.yaml"])
    put(other, "[");
  put("package.json", "{}");
  assert.deepEqual(names(await source().read()), ["a", "b", "c"]);
});

test("a file that is given by name is read whatever its name, and once", async () => {
  const file = put("conf.txt", backend("a"));
  assert.deepEqual(names(await source(file, file, folder).read()), ["a"]);
});

test("what did not change is the same reading", async () => {
  put("a.yaml", backend("a"));
  put("b.yaml", backend("b"));
  const files = source();
  const before = await files.read();
  put("b.yaml", backend("b", 2));
  const after = await files.read();
  assert.equal(after[0], before[0]);
  assert.notEqual(after[1], before[1]);
});

test("a change within one tick of the clock, of the same length, is seen", async () => {
  const file = put("a.yaml", backend("a"));
  const now = new Date();
  utimesSync(file, now, now);
  const files = source();
  await files.read();
  put("a.yaml", backend("b"));
  utimesSync(file, now, now);
  assert.deepEqual(names(await files.read()), ["b"]);
});

test("a file that cannot be parsed keeps its last good state and says so, until it is mended", async () => {
  put("a.yaml", backend("a"));
  const files = source();
  await files.read();
  put("a.yaml", `${backend("new")}---\nbad: [\n`);
  const broken = await files.read();
  assert.deepEqual(names(broken), ["a"]);
  assert.equal(broken[0]!.unreadable.length > 0, true);
  put("a.yaml", backend("new"));
  const mended = await files.read();
  assert.deepEqual([names(mended), messages(mended)], [["new"], []]);
});

test("a file that was never good gives what can be read of it", async () => {
  put("a.yaml", `${backend("a")}---\nbad: [\n`);
  assert.deepEqual(names(await source().read()), ["a"]);
});

test("a file that cannot be looked at keeps its last good state", async () => {
  const file = put("a.yaml", backend("a"));
  const files = source();
  await files.read();
  rmSync(file);
  symlinkSync("a.yaml", file);
  const broken = await files.read();
  assert.deepEqual(names(broken), ["a"]);
  assert.match(messages(broken).join(), /a\.yaml: too many symbolic links/);
});

test("what is removed from a folder is gone", async () => {
  const file = put("a.yaml", backend("a"));
  put("b.yaml", backend("b"));
  const files = source();
  await files.read();
  rmSync(file);
  const left = await files.read();
  assert.deepEqual([names(left), messages(left)], [["b"], []]);
});

test("a given file or folder that vanishes keeps its last good state, and is named once", async () => {
  const file = put("one/a.yaml", backend("a"));
  for (const given of [file, path.dirname(file)]) {
    put("one/a.yaml", backend("a"));
    const files = source(given);
    await files.read();
    rmSync(path.dirname(file), { recursive: true });
    const kept = await files.read();
    assert.deepEqual(
      [names(kept), messages(kept)],
      [["a"], [`${path.basename(given)}: no such file or folder`]],
    );
    assert.deepEqual(await files.read(), kept);
    if (given === file) continue;
    put("one/b.yaml", backend("b"));
    assert.deepEqual(names(await files.read()), ["b"], "what comes back counts as it is");
  }
});

test("a given path that never was is named", async () => {
  assert.deepEqual(messages(await source(path.join(folder, "a.yaml")).read()), [
    "a.yaml: no such file or folder",
  ]);
});

test("a pipe in a folder does not stop the reading of everything", async () => {
  put("a.yaml", backend("a"));
  execFileSync("mkfifo", [path.join(folder, "pipe.yaml")]);
  assert.deepEqual(names(await source().read()), ["a"]);
});

test("a pipe that is given by name is read once", async () => {
  const pipe = path.join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const files = source(pipe);
  const [first] = await Promise.all([files.read(), writeFile(pipe, backend("a"))]);
  assert.deepEqual(names(first), ["a"]);
  assert.equal((await files.read())[0], first[0]);
});

test("follows links as mounted ConfigMaps have them, also when they are swapped", async () => {
  put("..v1/a.yaml", backend("one"));
  put("..v2/a.yaml", backend("two"));
  symlinkSync("..v1", path.join(folder, "..data"));
  symlinkSync("..data/a.yaml", path.join(folder, "a.yaml"));
  const files = source();
  assert.deepEqual(names(await files.read()), ["one"]);
  symlinkSync("..v2", path.join(folder, "..next"));
  renameSync(path.join(folder, "..next"), path.join(folder, "..data"));
  assert.deepEqual(names(await files.read()), ["two"]);
});

test("a folder that links to itself ends", async () => {
  put("a.yaml", backend("a"));
  symlinkSync(folder, path.join(folder, "again"));
  assert.deepEqual(names(await source().read()), ["a"]);
});

test("tells soon that something changed, also for a file that was renamed into place", async () => {
  put("a.yaml", backend("a"));
  const files = source();
  const changed = Promise.withResolvers<void>();
  files.watch(() => changed.resolve());
  try {
    await files.read();
    renameSync(put(".a.yaml.new", backend("b")), path.join(folder, "a.yaml"));
    await changed.promise;
    assert.deepEqual(names(await files.read()), ["b"]);
  } finally {
    files.close();
  }
});

test("a file that becomes empty keeps its last good state and says so; a comment takes its resources away", async () => {
  put("a.yaml", backend("a"));
  const files = source();
  await files.read();
  for (const nothing of ["", " \n"]) {
    put("a.yaml", nothing);
    const emptied = await files.read();
    assert.deepEqual(names(emptied), ["a"]);
    assert.deepEqual(messages(emptied), [
      "a.yaml: is empty; what it gave before stays in force: remove the file to take that away, or fill it again",
    ]);
    assert.equal((await files.read())[0], emptied[0], "said once");
  }
  put("a.yaml", "# nothing for now\n");
  const left = await files.read();
  assert.deepEqual([names(left), messages(left)], [[], []]);
  put("a.yaml", "");
  assert.deepEqual(messages(await files.read()), [], "there is nothing to keep");
});

test("a file that is being written is read when its writer is done", async () => {
  put("a.yaml", backend("a"));
  let nowMs = 0;
  const files = new FileSource({ paths: [folder], routePort: 8080, now: () => nowMs });
  let asked = Promise.withResolvers<void>();
  files.watch(() => asked.resolve());
  try {
    const before = await files.read();
    const file = put("a.yaml", `${backend("b")}---\n`);
    nowMs = statSync(file).mtimeMs + 5;
    assert.equal((await files.read())[0], before[0], "a moment ago is too soon");
    appendFileSync(file, backend("c"));
    nowMs = statSync(file).mtimeMs + 5;
    assert.equal((await files.read())[0], before[0]);
    asked = Promise.withResolvers<void>();
    await asked.promise;
    nowMs += 30;
    assert.deepEqual(names(await files.read()), ["b", "c"]);
  } finally {
    files.close();
  }
});

test("a file that is written all the time is read all the same", async () => {
  const file = put("a.yaml", backend("a"));
  let nowMs = 0;
  const files = new FileSource({ paths: [folder], routePort: 8080, now: () => nowMs });
  files.watch(() => {});
  const rewritten = (atMs: number): Promise<readonly Reading[]> => {
    put("a.yaml", backend(`at-${atMs}`));
    utimesSync(file, atMs / 1_000, atMs / 1_000);
    nowMs = atMs + 5;
    return files.read();
  };
  try {
    await files.read();
    for (let atMs = 1_000_000; atMs <= 1_000_500; atMs += 20)
      assert.deepEqual(names(await rewritten(atMs)), ["a"]);
    assert.deepEqual(names(await rewritten(1_000_520)), ["at-1000520"]);
    assert.deepEqual(names(await rewritten(1_000_540)), ["at-1000520"], "patience begins anew");
  } finally {
    files.close();
  }
});

test("a large file reads after each of its changes as if it were read for the first time", async () => {
  const random = seededRandom(7);
  const under = (limit: number): number => Math.floor(random.next() * limit);
  const places = (readings: readonly Reading[]) =>
    readings.flatMap(({ resources, rejected, unreadable }) => [
      ...Array.from(resources, ({ key, resource, origin }) => [key, resource, origin.position("spec.url")]),
      ...rejected.map(({ key, problems }) => [key, problems]),
      ...unreadable,
    ]);
  // Two of them, which take turns with the buffers.
  const kept = source();
  let numbers = Array.from({ length: 300 }, (_, at) => at);
  const comment = `# ${"so that the file is large ".repeat(40)}\n`;
  const odd = ["# \u00e9\n---\n", "{", "---\nkind: Nope\n---\n", "\n"];
  for (let round = 0; round < 12; round++) {
    numbers = numbers.toSpliced(under(numbers.length), under(3), under(65_000) + 1);
    const pieces = numbers.map((port, at) => comment + backend(`b${at}-${port}`, port));
    const mistake = under(3) === 0 ? odd[under(odd.length)]! : "";
    const text = pieces.toSpliced(under(pieces.length), 0, mistake).filter(Boolean).join("---\n");
    assert.ok(text.length > 262_144);
    put(round % 3 === 0 ? "a.yaml" : "b.yaml", text);
    const readings = await kept.read();
    const fresh = await source().read();
    const isClean = fresh.every(({ unreadable }) => unreadable.length === 0);
    if (isClean) assert.deepEqual(places(readings), places(fresh), `round ${round}`);
    else assert.deepEqual(messages(readings), messages(fresh), `round ${round}`);
    assert.equal(
      (await kept.read()).every((reading, at) => reading === readings[at]),
      true,
      "nothing changed",
    );
  }
});

test("a file that is too large is named with its size", async () => {
  truncateSync(put("a.yaml", ""), 64 * 1024 * 1024 + 1);
  assert.deepEqual(messages(await source().read()), [
    "a.yaml: file has 67108865 bytes, limit 67108864; split it",
  ]);
});
