import { parseArgs } from "node:util";
import { oneOf, wholeNumber } from "../rig/option-values.ts";

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
    formats: values.formats.split(",").map((name) => oneOf("--formats", name, ["yaml", "json"])),
    change: oneOf("--change", values.change, ["one", "all"]),
    // one route would be the catch-all of the plain case
    routes: wholeNumber("--routes", values.routes, 2),
    rounds: wholeNumber("--rounds", values.rounds),
    rate: wholeNumber("--rate", values.rate),
    connections: wholeNumber("--connections", values.connections),
    workers: wholeNumber("--workers", values.workers),
    builtFolder: values.built,
    out: values.out,
  };
}
