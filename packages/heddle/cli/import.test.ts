import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { main } from "./main.ts";

async function run(...argv: string[]) {
  let out = "";
  let err = "";
  const code = await main(argv, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    hasColor: false,
  });
  return { code, out, err };
}

const operations = Array.from({ length: 20 }, (_, at) => `"/x${at}": { get: { responses: {} } }`).join(", ");
const document = `
openapi: 3.1.0
servers: [{ url: "https://api.example/v1" }]
paths: {
  "/orders/{id}.json": { get: { parameters: [{ name: id, in: path, required: true, schema: { type: integer } }] } },
  "/orders": { post: {}, get: {} }, ${operations} }
`;

test("import writes what check takes and explain finds, and names what is wrong with a document", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "heddle-import-"));
  try {
    const source = path.join(folder, "Shop API.yaml");
    const made = path.join(folder, "made.yaml");
    await writeFile(source, document);
    for (const rules of ["operation", "prefix"]) {
      const flags = [
        "--host",
        "api.example",
        "--backend",
        "http://127.0.0.1:1",
        "--rules",
        rules,
        "-o",
        made,
      ];
      assert.deepEqual(await run("import", source, ...flags), { code: 0, out: "", err: "" });
      const checked = await run("check", made);
      assert.equal(checked.code, 0, checked.out);
      assert.match(checked.out, /0 errors, 0 warnings/);
      const found = await run("explain", "-f", made, "GET", "http://api.example:8080/v1/orders/7.json");
      assert.equal(found.code, 0, found.out);
      assert.match(found.out, /openapi: refuses requests/);
    }
    await run("import", source, "-o", made);
    const unknown = await run("explain", "-f", made, "DELETE", "http://api.example:8080/v1/orders/7.json");
    assert.equal(unknown.code, 1);

    await writeFile(source, '{"openapi":"3.1.0","paths":{"/a":{"get":{"responses":{"ok":{}}}}}}');
    const bad = await run("import", source);
    assert.equal(bad.code, 1);
    assert.match(bad.err, /#\/paths\/~1a\/get\/responses\/ok must be a status/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
