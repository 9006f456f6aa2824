import assert from "node:assert/strict";

/** One metric as a reader sees it: samples by the text of their name and labels. */
export interface ParsedFamily {
  type: string;
  help: string;
  samples: Map<string, number>;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|[+-]Inf|NaN)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=.)|$)/y;

/**
 * Reads the text format 0.0.4 strictly: HELP, then TYPE, then that metric's samples, and no name or sample twice;
 * every line is understood; histograms have ascending cumulative buckets up to +Inf, a sum and a matching count.
 */
export function parseExposition(text: string): Map<string, ParsedFamily> {
  assert.ok(text.endsWith("\n"), "ends with a line end");
  const families = new Map<string, ParsedFamily>();
  let current: { name: string; family: ParsedFamily } | null = null;
  let help: [string, string] | null = null;
  for (const line of text.slice(0, -1).split("\n")) {
    const [mark, kind, name, ...rest] = line.split(" ");
    if (mark === "#" && kind === "HELP") {
      assert.match(name, NAME);
      assert.ok(!families.has(name), `${name} is in one place`);
      help = [name, rest.join(" ")];
    } else if (mark === "#" && kind === "TYPE") {
      assert.equal(help?.[0], name, "HELP stands before TYPE");
      current = { name, family: { type: rest.join(" "), help: help![1], samples: new Map() } };
      families.set(name, current.family);
    } else {
      assert.ok(current !== null, `a sample has a TYPE before it: ${line}`);
      addSample(current.name, current.family, line);
    }
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function addSample(name: string, family: ParsedFamily, line: string): void {
  const match = SAMPLE.exec(line);
  assert.ok(match !== null, `not a sample: ${line}`);
  const suffix = match[1].slice(name.length);
  assert.ok(match[1].startsWith(name), `${match[1]} stands under ${name}`);
  assert.ok((family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]).includes(suffix), line);
  const labels = parseLabels(match[2] ?? "").map(([label, value]) => `${label}=${value}`);
  const key = `${match[1]}{${labels.join(",")}}`;
  assert.ok(!family.samples.has(key), `twice: ${key}`);
  family.samples.set(key, Number(match[3].replace("Inf", "Infinity")));
}

function parseLabels(text: string): [string, string][] {
  const labels: [string, string][] = [];
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    assert.ok(match !== null, `not labels: ${text}`);
    const value = match[2].replaceAll(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c));
    assert.ok(!labels.some(([name]) => name === match[1]), `label twice: ${text}`);
    labels.push([match[1], value]);
  }
  return labels;
}

function checkFamily(name: string, family: ParsedFamily): void {
  assert.ok(["counter", "gauge", "histogram"].includes(family.type), family.type);
  assert.ok(family.help.length > 0 && family.samples.size > 0, name);
  assert.equal(name.endsWith("_total"), family.type === "counter", `${name} is a ${family.type}`);
  if (family.type === "histogram") checkHistogram(name, family.samples);
}

function checkHistogram(name: string, samples: Map<string, number>): void {
  const series = new Map<string, { bounds: number[]; counts: number[] }>();
  for (const [key, count] of samples) {
    if (!key.startsWith(`${name}_bucket{`)) continue;
    const own = key.slice(key.indexOf("{") + 1, -1).split(",");
    const bound = Number(own.pop()!.replace("le=", "").replace("Inf", "Infinity"));
    const one = series.get(own.join(",")) ?? { bounds: [], counts: [] };
    one.bounds.push(bound);
    one.counts.push(count);
    series.set(own.join(","), one);
  }
  for (const [own, { bounds, counts }] of series) {
    assert.deepEqual(
      bounds,
      [...new Set(bounds)].sort((a, b) => a - b),
    );
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
    );
    assert.equal(bounds.at(-1), Infinity);
    assert.equal(samples.get(`${name}_count{${own}}`), counts.at(-1));
    assert.ok(samples.has(`${name}_sum{${own}}`));
  }
}
