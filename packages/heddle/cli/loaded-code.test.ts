import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** Files that are loaded to run `entry`, and Node's own modules. */
function loadedBy(entry: string): { files: string[]; builtins: string[] } {
  const code = `
    import { registerHooks } from "node:module";
    const files = [];
    registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
    // The worker's refuses to run outside of a worker, once all of it is there.
    await import(${JSON.stringify(new URL(entry, import.meta.url).href)}).catch(() => {});
    console.log(JSON.stringify({ files, builtins: process.moduleLoadList }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return JSON.parse(stdout) as { files: string[]; builtins: string[] };
}

const inPackages = (files: readonly string[], pattern: RegExp) =>
  files.filter((file) => pattern.test(file.slice(file.indexOf("/packages/"))));

// Each file takes some 10 kB of every thread that loads it (bench/README.md, "At rest").
for (const entry of ["./main.ts", "../app/data-plane/worker.ts"]) {
  test(`${entry} loads no filter before a configuration uses it, and not Node's fetch`, () => {
    const { files, builtins } = loadedBy(entry);
    assert.ok(inPackages(files, /^\/packages\/engine\//).length > 0);
    const filters = inPackages(files, /^\/packages\/filters\/(?!(lazy|api-key|credential-source)\/)/);
    assert.deepEqual(filters, []);
    assert.deepEqual(
      builtins.filter((name) => name.includes("undici")),
      [],
    );
  });
}

test("the main thread has nothing of the request path", () => {
  const { files } = loadedBy("./main.ts");
  assert.deepEqual(inPackages(files, /^\/packages\/engine\/(proxy|listener|cluster)\//), []);
});
