import { parseArgs } from "node:util";
import { faults } from "./faults.ts";
import { pickNames, wholeNumber } from "../rig/option-values.ts";

export const parts = ["faults", "balance"] as const;
export type Part = (typeof parts)[number];

const contestantNames = ["heddle", "heddle-defaults", "haproxy", "nginx"] as const;
export type ContestantName = (typeof contestantNames)[number];

export interface Options {
  parts: readonly Part[];
  faults: readonly string[];
  proxies: readonly ContestantName[];
  badSeconds: number;
  rate: number;
  builtFolder: string | undefined;
  out: string | undefined;
}

export const usage = `npm run chaos -- [options]
  --parts LIST     of ${parts.join(",")} (default: both)
  --faults LIST    of ${faults.map(({ name }) => name).join(",")} (default: all)
  --proxies LIST   of ${contestantNames.join(",")} (default: all)
  --bad-seconds S  how long the origin is bad (default 4)
  --rate N         GETs a second; a third as many POSTs beside them (default 150)
  --built DIR      run the built package in DIR instead of the sources
  --out FILE       write the results as JSON too`;

/** Parses the command line; throws an error that names the flag and what it takes. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      parts: { type: "string" },
      faults: { type: "string" },
      proxies: { type: "string" },
      "bad-seconds": { type: "string", default: "4" },
      rate: { type: "string", default: "150" },
      built: { type: "string" },
      out: { type: "string" },
    },
  });
  return {
    parts: pickNames("--parts", values.parts, parts),
    faults: pickNames(
      "--faults",
      values.faults,
      faults.map(({ name }) => name),
    ),
    proxies: pickNames("--proxies", values.proxies, contestantNames),
    badSeconds: wholeNumber("--bad-seconds", values["bad-seconds"]),
    rate: wholeNumber("--rate", values.rate),
    builtFolder: values.built,
    out: values.out,
  };
}
