import { parseArgs } from "node:util";

export interface Options {
  formats: readonly ("yaml" | "json")[];
  /** what differs from the file before: one route more, or every route as well */
  change: "one" | "all";
  routes: number;
  rounds: number;
  rate: number;
  connections: number;
  workers: number;
  builtFolder: string | undefined;
  out: string | undefined;
}

export const usage = `npm run bench:swap -- [options]
  --formats LIST   of yaml,json (default: both)
  --change WHAT    one: a route more (default); all: every other route is changed too
  --routes N       routes in the configuration file (default 10000)
  --rounds N       swaps per format (default 5)
  --rate N         requests a second meanwhile (default 2000)
  --connections N  keep-alive connections that carry them (default 32)
  --workers N      Heddle's workers (default 1)
  --built DIR      run the built package in DIR instead of the sources
  --out FILE       write the results as JSON too`;

export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      formats: { type: "string", default: "yaml,json" },
      change: { type: "string", default: "one" },
      routes: { type: "string", default: "10000" },
      rounds: { type: "string", default: "5" },
      rate: { type: "string", default: "2000" },
      connections: { type: "string", default: "32" },
      workers: { type: "string", default: "1" },
      built: { type: "string" },
      out: { type: "string" },
    },
  });
  return {
    formats: values.formats.split(",").map(formatOf),
    change: changeOf(values.change),
    // one route would be the catch-all of the plain case
    routes: atLeast(2, "--routes", values.routes),
    rounds: atLeast(1, "--rounds", values.rounds),
    rate: atLeast(1, "--rate", values.rate),
    connections: atLeast(1, "--connections", values.connections),
    workers: atLeast(1, "--workers", values.workers),
    builtFolder: values.built,
    out: values.out,
  };
}

function formatOf(name: string): "yaml" | "json" {
  if (name === "yaml" || name === "json") return name;
  throw new Error(`--formats has ${JSON.stringify(name)}, takes yaml,json`);
}

function changeOf(name: string): "one" | "all" {
  if (name === "one" || name === "all") return name;
  throw new Error(`--change is ${JSON.stringify(name)}, takes one or all`);
}

function atLeast(least: number, flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${flag} is ${JSON.stringify(text)}, takes a whole number from ${least}`);
  }
  return value;
}
