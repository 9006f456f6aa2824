import assert from "node:assert/strict";
import { test } from "node:test";
import { rewriteDeclarationImports, rewriteManifest, rewriteUrls } from "./rewrite.ts";

test("a worker named by a relative literal starts the built file", () => {
  assert.equal(
    rewriteUrls('new Worker(new URL("./worker.ts", import.meta.url), { workerData });'),
    'new Worker(new URL("./worker.js", import.meta.url), { workerData });',
  );
  assert.equal(
    rewriteUrls("const entry = new URL(\n  '../app/x.ts',\n  import.meta.url,\n);"),
    "const entry = new URL(\n  '../app/x.js',\n  import.meta.url,\n);",
  );
});

test("every URL of a line is rewritten", () => {
  assert.equal(
    rewriteUrls('[new URL("./a.ts", import.meta.url), new URL("./b.ts", import.meta.url)]'),
    '[new URL("./a.js", import.meta.url), new URL("./b.js", import.meta.url)]',
  );
});

test("other URLs, other files and other strings stay", () => {
  for (const text of [
    'new URL("./page.html", import.meta.url)',
    'new URL("./worker.ts", base)',
    'new URL("/worker.ts", import.meta.url)',
    'new URL("http://127.0.0.1/a.ts", import.meta.url)',
    'const file = "./worker.ts";',
  ]) {
    assert.equal(rewriteUrls(text), text);
  }
});

test("declarations import built files, in every form", () => {
  assert.equal(
    rewriteDeclarationImports(
      'import "./a.ts"; import type { B } from "../b/index.ts"; export * from \'./c.ts\'; type D = import("./d.ts").D;',
    ),
    'import "./a.js"; import type { B } from "../b/index.js"; export * from \'./c.js\'; type D = import("./d.js").D;',
  );
  const other = 'import { a } from "node:fs"; import { b } from "@heddle/engine/base"; type C = "./c.ts";';
  assert.equal(rewriteDeclarationImports(other), other);
});

test("exports point at JavaScript and its types; what only the repository needs is left out", () => {
  const source = {
    name: "@heddle/engine",
    version: "1.2.3",
    license: "Apache-2.0",
    private: true,
    scripts: { test: "x" },
    exports: { ".": "./index.ts", "./*": "./*/index.ts", "./package.json": "./package.json" },
    dependencies: { yaml: "2.9.1" },
  };
  const built = JSON.parse(JSON.stringify(rewriteManifest(source, ["base", "README.md"]))) as unknown;
  assert.deepEqual(built, {
    name: "@heddle/engine",
    version: "1.2.3",
    license: "Apache-2.0",
    type: "module",
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./*": { types: "./*/index.d.ts", default: "./*/index.js" },
      "./package.json": "./package.json",
    },
    files: ["base", "README.md"],
    dependencies: { yaml: "2.9.1" },
  });
});
