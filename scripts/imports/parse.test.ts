import assert from "node:assert/strict";
import { test } from "node:test";
import { parseImports } from "./parse.ts";

const specifiers = (source: string) => parseImports("x.ts", source).map(({ specifier }) => specifier);

test("finds every form that names a module", () => {
  const source = `
    import a from "./default.ts";
    import { type B } from "./named.ts";
    import type { C } from "./type.ts";
    import "./side.ts";
    export * from "./all.ts";
    export { d } from "./some.ts";
    type E = import("./import-type.ts").E;
    const f = await import("./dynamic.ts");
    new Worker(new URL("./worker.ts", import.meta.url));`;
  assert.deepEqual(specifiers(source).sort(), [
    "./all.ts",
    "./default.ts",
    "./dynamic.ts",
    "./import-type.ts",
    "./named.ts",
    "./side.ts",
    "./some.ts",
    "./type.ts",
    "./worker.ts",
  ]);
});

test("is not misled by comments, strings, templates and regular expressions", () => {
  const source = `
    // import a from "./comment.ts";
    /* export * from "./block.ts"; */
    const b = 'import c from "./string.ts"';
    const d = \`\${b} import "./template.ts"\`;
    const e = /import "\\.\\/regexp.ts"/;
    const f = await import(b + d + e);
    const g = new URL("./page.html", import.meta.url);
    const h = new URL("./other.ts", "http://127.0.0.1/");`;
  assert.deepEqual(specifiers(source), []);
});

test("gives the line of the specifier", () => {
  const sites = parseImports("x.ts", '\nimport {\n  a,\n} from "./a.ts";\n');
  assert.deepEqual(sites, [{ specifier: "./a.ts", line: 4, kind: "import", isType: false }]);
});

test("a file that does not parse is named", () => {
  assert.throws(
    () => parseImports("packages/engine/net/x.ts", "import {"),
    /packages\/engine\/net\/x\.ts does not parse/,
  );
});
