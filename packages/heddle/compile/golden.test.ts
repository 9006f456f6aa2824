import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { DEFAULT_CLUSTER_SETTINGS, DEFAULT_LISTENER_SETTINGS } from "@heddle/engine/model";
import { stringify } from "yaml";
import { compile, CompileMemo, type CompileInput, type CompileOutput } from "./index.ts";
import { readCase, type GoldenCase } from "./golden-case.suite.ts";

/**
 * Golden pairs: testdata/<case>.in.yaml holds resources, and what compile makes of them is testdata/<case>.out.yaml.
 * UPDATE_GOLDEN=1 writes the outputs anew; read the difference before you commit it.
 */
const folder = path.join(import.meta.dirname, "testdata");
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

const files = readdirSync(folder);
const names = files
  .filter((file) => file.endsWith(".in.yaml"))
  .map((file) => file.slice(0, -".in.yaml".length));

test("there are golden cases, and no output without an input", () => {
  assert.ok(names.length > 0, `no *.in.yaml in ${folder}`);
  const known = new Set(names.flatMap((name) => [`${name}.in.yaml`, `${name}.out.yaml`]));
  assert.deepEqual(
    files.filter((file) => !known.has(file)),
    [],
  );
});

for (const name of names) {
  test(`golden: ${name}`, async () => {
    const golden = await readCase(path.join(folder, `${name}.in.yaml`));
    const memo = new CompileMemo();
    const output = compile(golden.input, memo);
    const text = render(output, golden);
    const outputFile = path.join(folder, `${name}.out.yaml`);
    if (isUpdate) writeFileSync(outputFile, text);
    assert.ok(existsSync(outputFile), `${outputFile} is missing; make it with UPDATE_GOLDEN=1`);
    assert.equal(text, readFileSync(outputFile, "utf8"));
    assertKept(golden.input, memo, output);
    assertOrderless(golden.input, output);
  });
}

const plain = (output: CompileOutput) => ({ ...output, statuses: new Map(output.statuses) });

/** A second run with the memo gives the very same objects. */
function assertKept(input: CompileInput, memo: CompileMemo, output: CompileOutput): void {
  const again = compile(input, memo);
  assert.deepEqual(plain(again), plain(output));
  const units = again.units.toArray();
  for (const [index, { unit }] of [...output.units].entries()) assert.equal(units[index]!.unit, unit);
}

/** The order of the sources makes no difference, so that restarts agree. */
function assertOrderless(input: CompileInput, output: CompileOutput): void {
  const other = compile({ ...input, resources: [...input.resources].reverse() });
  assert.deepEqual(plain(other).statuses, plain(output).statuses);
  assert.deepEqual(other.policies, output.policies);
  const hashes = ({ units }: CompileOutput) =>
    new Map(units.toArray().map(({ unit, hash }) => [`${unit.kind}:${unit.name}`, hash]));
  assert.deepEqual(hashes(other), hashes(output));
  assert.deepEqual(new Set(other.canaries), new Set(output.canaries));
  assert.deepEqual(new Set(other.generated), new Set(output.generated));
}

function render(
  { units, statuses, problems, policies, certificates, generated, canaries }: CompileOutput,
  { hidePem, showsGenerated }: GoldenCase,
): string {
  const shown = {
    units: units.toArray().map(({ unit }) => withoutDefaultSettings(unit)),
    statuses: Object.fromEntries(statuses),
    problems: problems.map(({ key, path: field, message, severity }) => ({
      key,
      path: field,
      message,
      severity,
    })),
    ...(policies.size > 0 && { policies: Object.fromEntries(policies) }),
    ...(certificates.length > 0 && { certificates }),
    ...(canaries.length > 0 && { canaries }),
    ...(showsGenerated && { generated }),
  };
  const plain = JSON.parse(JSON.stringify(shown), (_, value: unknown) =>
    typeof value === "string" ? hidePem(value) : value,
  ) as unknown;
  return stringify(plain, { lineWidth: 0, aliasDuplicateObjects: false });
}

function withoutDefaultSettings(unit: object): object {
  const { settings, ...rest } = unit as { settings?: unknown };
  const isDefault = settings === DEFAULT_LISTENER_SETTINGS || settings === DEFAULT_CLUSTER_SETTINGS;
  return isDefault ? rest : unit;
}
