import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FileSource } from "./file-source.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "heddle-config-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
const source = () => new FileSource({ paths: [path.join(folder, "heddle.config.ts")], routePort: 8080 });

async function read(files = source()) {
  const [reading] = await files.read();
  return {
    names: Array.from(reading!.resources, ({ resource }) => `${resource.kind} ${resource.metadata.name}`),
    problems: reading!.unreadable.map(
      ({ fileName, line, message }) => `${path.relative(folder, fileName)}:${line}: ${message}`,
    ),
    reading: reading!,
  };
}

const config = `
import { defineConfig } from "heddle";
import { port } from "./ports.ts";
export default defineConfig(async () => ({
  resources: [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
    { apiVersion: "heddle.dev/v1alpha1", kind: "Backend", metadata: { name: "bad" }, spec: {} },
  ],
  routes: { "shop.localhost/api": \`http://127.0.0.1:\${port satisfies number}\` },
}));
`;

test("runs the module, typed, with what it imports, and gives resources and routes", async () => {
  put("heddle.config.ts", config);
  put("ports.ts", "export const port: number = 3000;\n");
  const { names, problems, reading } = await read();
  assert.deepEqual(problems, []);
  assert.deepEqual(names, [
    "Namespace shop",
    "Gateway routes",
    "Backend shop.localhost-api",
    "HTTPRoute shop.localhost-api",
  ]);
  assert.equal(reading.rejected[0]!.key, "heddle.dev/Backend/default/bad");
});

test("a change of an import is a change", async () => {
  put("heddle.config.ts", config);
  put("ports.ts", "export const port: number = 3000;\n");
  const files = source();
  const before = await read(files);
  assert.equal((await read(files)).reading, before.reading);
  put("ports.ts", "export const port: number = 3001;\n");
  const after = await read(files);
  assert.match(JSON.stringify(after.reading.resources.toArray()), /127\.0\.0\.1:3001/);
});

test("mistakes are told with file and line, and the last good state stays", async () => {
  put("heddle.config.ts", config);
  put("ports.ts", "export const port: number = 3000;\n");
  const files = source();
  await read(files);
  put("ports.ts", "export const port: number = 3000;\n\nenum Bad { A }\n");
  const broken = await read(files);
  assert.deepEqual(broken.problems, ["ports.ts:3: TypeScript enum is not supported in strip-only mode"]);
  assert.equal(broken.names.length, 4);
  put("ports.ts", "export const port: number = 3000;\nthrow new Error('no database');\n");
  assert.deepEqual((await read(files)).problems, ["ports.ts:2: no database"]);
});

test("what is no configuration says what it should be", async () => {
  const problemOf = async (text: string) => {
    put("heddle.config.ts", text);
    const { problems } = await read();
    return problems.join("\n");
  };
  assert.match(await problemOf("export const a = 1;"), /has no default export/);
  assert.match(await problemOf("export default { resource: [] };"), /unknown field resource; known are/);
  assert.match(await problemOf("export default { resources: {} };"), /resources must be a list/);
  assert.match(await problemOf("export default { routes: { a: 1 } };"), /routes must be an object/);
  assert.match(await problemOf("export default { resources: [1n] };"), /no plain data|BigInt/);
  assert.match(await problemOf("process.exit(3);"), /ended with exit code 3 before it gave a configuration/);
});
