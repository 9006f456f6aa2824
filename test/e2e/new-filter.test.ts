import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openEchoServer, startHeddle } from "@heddle/testkit";
import { siteOfBackend } from "./site.ts";

const root = path.join(import.meta.dirname, "../..");
const heddle = path.join(root, "packages/heddle/bin/heddle.js");

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

function run(cwd: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: "utf8",
    env: plainEnv,
  });
  return { status, output: `${stdout}${stderr}` };
}

/** A test runner within a test runner would report to the outer one. */
const { NODE_TEST_CONTEXT: _, ...plainEnv } = process.env;

/** A project of its own with this checkout installed. */
function makeProject(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "heddle-new-filter-"));
  mkdirSync(path.join(folder, "node_modules/@heddle"), { recursive: true });
  symlinkSync(path.join(root, "packages/filters"), path.join(folder, "node_modules/@heddle/filters"));
  return folder;
}

test("heddle new filter makes a filter whose test passes, and that runs", async (t) => {
  const project = makeProject();
  t.after(() => rmSync(project, { recursive: true, force: true }));
  const made = run(project, heddle, "new", "filter", "tenant-header");
  assert.equal(made.status, 0, made.output);
  for (const file of [
    "package.json",
    "filters/tenant-header.ts",
    "filters/tenant-header.test.ts",
    "filters/README.md",
  ])
    assert.ok(made.output.includes(`${file}\n`), made.output);
  const tested = run(project, "--test", "filters/tenant-header.test.ts");
  assert.equal(tested.status, 0, tested.output);
  assert.match(tested.output, /pass 3/);
  const checked = run(project, heddle, "check", "filters");
  assert.equal(checked.output, "2 resources: 0 errors, 0 warnings\n");

  await t.test("it does so in a run, for all of its namespace", async () => {
    await using echo = await openEchoServer({ name: "echo" });
    await using running = await startHeddle({
      readyTimeoutMs: 90_000,
      args: ["--workers", "1", "-f", path.join(project, "filters")],
      files: ({ http }) => ({ "gateway.yaml": siteOfBackend(http, echo.port) }),
    });
    const answer = await fetch(`${running.urls.http}/`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("x-took") ?? "", /^\d+ ms$/);
  });
});

test("a filter of an npm module, by its name, and one of a heddle.config.ts", (t) => {
  const project = makeProject();
  t.after(() => rmSync(project, { recursive: true, force: true }));
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    writeFileSync(path.join(project, file), text);
  };
  write("package.json", '{ "type": "module" }');
  write(
    "node_modules/shop-filters/package.json",
    '{ "name": "shop-filters", "type": "module", "exports": { "./audit": { "import": "./lib/audit.js" } } }',
  );
  write(
    "node_modules/shop-filters/lib/audit.js",
    'import { defineFilter } from "@heddle/filters/define";\nimport { schema } from "./schema.js";\n' +
      'export const audit = defineFilter({ name: "audit", schema, create: () => ({}) });\n',
  );
  write("node_modules/shop-filters/lib/schema.js", 'export const schema = { type: "object" };\n');
  write(
    "conf/heddle.config.ts",
    'import { defineConfig } from "heddle";\n' +
      "const filter = (name: string, spec: object) =>\n" +
      '  ({ apiVersion: "heddle.dev/v1alpha1", kind: "Filter", metadata: { name }, spec }) as never;\n' +
      "export default defineConfig({ resources: [\n" +
      '  filter("npm", { module: "shop-filters/audit", export: "audit" }),\n' +
      '  filter("own", { module: "../lib/own.ts" }),\n' +
      '  filter("none", { module: "shop-filters/nothing" }),\n' +
      '  filter("builtin", { module: "fs" }),\n' +
      '  filter("wrong-export", { module: "shop-filters/audit" }),\n' +
      '  filter("endless", { module: "../lib/throws.ts" }),\n' +
      '  filter("exits", { module: "../lib/exits.ts" }),\n' +
      '  filter("out", { module: "../../../../../../../../etc/hostname" }),\n' +
      "] });\n",
  );
  write(
    "lib/own.ts",
    'import { defineFilter } from "@heddle/filters/define";\n' +
      'export default defineFilter({ name: "own", schema: {}, create: () => ({}) });\n',
  );
  write("lib/throws.ts", '\nthrow new Error("no reason");\n');
  write("lib/exits.ts", "process.exit(0);\n");
  const { output, status } = run(project, heddle, "check", "conf/heddle.config.ts");
  assert.equal(status, 1);
  const problems = output.trim().split("\n");
  const of = (name: string) => problems.filter((line) => line.includes(`Filter default/${name} `)).join("\n");
  assert.equal(of("npm"), "");
  assert.equal(of("own"), "");
  assert.match(of("none"), /spec\.module: module does not load: Package subpath/);
  assert.match(of("builtin"), /spec\.module: fs is a module of Node/);
  assert.match(of("wrong-export"), /spec\.module: module has no filter as its export default; it has audit/);
  assert.match(of("endless"), /spec\.module: module does not load: no reason \(throws\.ts:2\)/);
  assert.match(of("exits"), /spec\.module: module does not load: it ended its thread/);
  assert.match(of("out"), /spec\.module: .*(leads out of the project|there is no file)/);
});

test("the examples' configuration is good, and its filters load", () => {
  const { output } = run(root, heddle, "check", "examples/filters/filters.yaml");
  assert.equal(output, "9 resources: 0 errors, 0 warnings\n");
});
