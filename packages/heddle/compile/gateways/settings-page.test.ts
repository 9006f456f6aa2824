import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { DEFAULT_CLUSTER_SETTINGS, DEFAULT_LISTENER_SETTINGS } from "@heddle/engine/model";
import { parse } from "yaml";
import { kindNamed, parseDurationMs, validateResource, type GatewaySettings } from "../../resources/index.ts";
import { listenerSettings, upstreamSettings } from "./gateway-settings.ts";
import type { UpstreamSettings } from "../backends/upstream-settings.ts";

/** A row of the page: setting, what, default, range, effect. */
const ROW = /^\| `(spec\.[\w.]+)` +\| (.+?) +\| `(.+?)` +\| *(?:(\S+) to (\S+))? *\| (.+?) +\|$/gm;

interface Row {
  readonly path: string;
  readonly written: string;
  readonly value: unknown;
  readonly low: string | undefined;
  readonly high: string | undefined;
  readonly texts: readonly string[];
}

type Node = {
  type?: string;
  properties?: Record<string, Node>;
  minimum?: number;
  maximum?: number;
  enum?: string[];
};

const page = readFileSync(new URL("../../../../docs/reference/settings.md", import.meta.url), "utf8");
const rows: Row[] = [...page.matchAll(ROW)].map(([, path, what, written, low, high, effect]) => ({
  path: path!,
  written: written!,
  value: parse(written!) as unknown,
  low,
  high,
  texts: [what!, effect!],
}));

function leaves(node: Node, path: string): [string, Node][] {
  if (node.properties === undefined) return [[path, node]];
  return Object.entries(node.properties).flatMap(([name, child]) => leaves(child, `${path}.${name}`));
}

const schema = kindNamed("GatewaySettings").versions[0]!.schema as Node;
const nodes = new Map(leaves(schema.properties!["spec"]!, "spec"));

function nest(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split(".");
  let at = target;
  for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
  at[names.at(-1)!] = value;
}

function validate(values: readonly (readonly [path: string, value: unknown])[]) {
  const document = {
    apiVersion: "heddle.dev/v1alpha1",
    kind: "GatewaySettings",
    metadata: { name: "x" },
    spec: {},
  };
  for (const [path, value] of values) nest(document, path, value);
  return validateResource(document);
}

/** Settings in which nothing is as by default. */
function scrambled<T>(value: T): T {
  if (typeof value === "number") return (value + 1) as T;
  if (typeof value === "boolean") return !value as T;
  if (typeof value === "string") return "scrambled" as T;
  if (Array.isArray(value)) return ["scrambled"] as T;
  return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, scrambled(v)])) as T;
}

/** A number or a duration as it is, and just outside of the range. */
const typed = (text: string) => (parseDurationMs(text) === undefined ? Number(text) : text);

function beyond(text: string, step: 1 | -1): unknown {
  const ms = parseDurationMs(text);
  if (ms === undefined) return Number(text) + step;
  const [seconds, rest] = [Math.floor((ms + step) / 1000), (ms + step) % 1000];
  return `${seconds}s${rest}ms`;
}

describe("docs/reference/settings.md", () => {
  test("has a row for each field of the schema, and no other", () => {
    assert.ok(rows.length > 20);
    assert.deepEqual(rows.map(({ path }) => path).sort(), [...nodes.keys()].sort());
  });

  test("tells the defaults of the data plane, and every setting of it can be set", () => {
    const { resource, problems } = validate(rows.map(({ path, value }) => [path, value]));
    assert.deepEqual(problems, []);
    const { spec } = resource as GatewaySettings;
    assert.deepEqual(listenerSettings(spec, scrambled(DEFAULT_LISTENER_SETTINGS)), DEFAULT_LISTENER_SETTINGS);
    const upstream: UpstreamSettings = {
      balancing: { algorithm: "peak-ewma" },
      settings: DEFAULT_CLUSTER_SETTINGS,
    };
    assert.deepEqual(upstreamSettings(spec, scrambled(upstream)), upstream);
  });

  test("tells the range of each number and duration", () => {
    for (const { path, written, low, high } of rows) {
      const { type } = nodes.get(path)!;
      const isBounded = type === "integer" || type === "number" || parseDurationMs(written) !== undefined;
      assert.equal(low !== undefined, isBounded, path);
      if (low === undefined || high === undefined) continue;
      for (const good of [low, high].map(typed))
        assert.deepEqual(validate([[path, good]]).problems, [], path);
      for (const bad of [beyond(low, -1), beyond(high, 1)]) {
        assert.equal(validate([[path, bad]]).problems[0]?.path, path, `${path}: ${String(bad)}`);
      }
    }
  });

  test("names every choice, and says what each setting does", () => {
    for (const { path, texts } of rows) {
      for (const choice of nodes.get(path)!.enum ?? []) assert.ok(texts[0]!.includes(`\`${choice}\``), path);
      for (const text of texts) assert.ok(text.length > 10, `${path}: ${text}`);
    }
  });
});
