import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { findFilterModule } from "./filter-module-place.ts";

test("a path stays in the project of the file that names it, links resolved", async (t) => {
  const top = realpathSync(mkdtempSync(path.join(tmpdir(), "heddle-place-")));
  t.after(() => rmSync(top, { recursive: true, force: true }));
  const at = (...parts: string[]) => path.join(top, ...parts);
  mkdirSync(at("project/conf/inner"), { recursive: true });
  for (const file of [
    "project/package.json",
    "project/lib.ts",
    "project/conf/a.ts",
    "secret.ts",
    "project-2.ts",
  ])
    writeFileSync(at(file), "");
  symlinkSync(at("secret.ts"), at("project/conf/link.ts"));
  symlinkSync(at("project/lib.ts"), at("project/conf/good-link.ts"));
  const origin = at("project/conf/gateway.yaml");
  const urlOf = (file: string) => pathToFileURL(at(file)).href;
  const find = async (module: string, from: string = origin) => {
    const place = await findFilterModule(module, from);
    return typeof place === "string" ? place : place.specifier;
  };
  assert.equal(await find("./a.ts"), urlOf("project/conf/a.ts"));
  assert.equal(await find("../lib.ts"), urlOf("project/lib.ts"));
  assert.equal(await find("./inner/../a.ts"), urlOf("project/conf/a.ts"));
  assert.equal(await find("./good-link.ts"), urlOf("project/lib.ts"));
  assert.equal(
    await find("./a.ts", `${origin.replace("gateway.yaml", "heddle.config.ts")}: resources[3]`),
    urlOf("project/conf/a.ts"),
  );
  assert.equal(await find("shop-filters/audit"), "shop-filters/audit");
  for (const module of ["../../secret.ts", "../../project-2.ts", "./link.ts", "./inner/../../../secret.ts"])
    assert.match(await find(module), /leads out of the project, which is the folder .*project$/, module);
  assert.match(await find("./inner"), /is no file/);
  assert.match(await find("./nothing.ts"), /there is no file \.\/nothing\.ts in .*a path is from the file/);
  assert.match(await find("fs"), /fs is a module of Node/);
  // Without a package.json above, the file's own folder is all there is.
  assert.match(await find("../secret.ts", at("alone/x.yaml")), /leads out|there is no file/);
});
