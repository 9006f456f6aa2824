import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cases } from "./cases.ts";
import { proxyNames, type ProxyName } from "./proxy-names.ts";
import { pickNames, wholeNumber } from "../rig/option-values.ts";

export interface Options {
  cases: readonly string[];
  proxies: readonly ProxyName[];
  rounds: number;
  /** length of one measured window; whole seconds, because wrk takes no other */
  seconds: number;
  warmUpSeconds: number;
  out: string | undefined;
  builtFolder: string | undefined;
  usePerf: boolean;
  useCpuProf: boolean;
  profileFolder: string;
}

export const usage = `npm run bench -- [options]
  --cases LIST     of ${cases.map(({ name }) => name).join(",")} (default: all)
  --proxies LIST   of ${proxyNames.join(",")} (default: all)
  --rounds N       interleaved rounds (default 5)
  --seconds S      length of one measured window, whole seconds (default 3)
  --warm-up S      load before the first round, whole seconds (default 3)
  --smoke          one short round of plain and tls; exit code 1 if any row fails
  --out FILE       write the results as JSON too
  --built DIR      run the built package in DIR instead of the sources
  --perf           one more window per case under perf record, on the heddle row
  --cpu-prof       run the heddle row under node's CPU profiler
  --profile-dir D  where profiles go (default ${join(tmpdir(), "heddle-profiles")})`;

/** Parses the command line; throws an error that names the flag and what it takes. */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      cases: { type: "string" },
      proxies: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      "warm-up": { type: "string" },
      smoke: { type: "boolean", default: false },
      out: { type: "string" },
      built: { type: "string" },
      perf: { type: "boolean", default: false },
      "cpu-prof": { type: "boolean", default: false },
      "profile-dir": { type: "string", default: join(tmpdir(), "heddle-profiles") },
    },
  });
  const caseNames = cases.map(({ name }) => name);
  const { smoke } = values;
  return {
    cases: pickNames("--cases", values.cases ?? (smoke ? "plain,tls" : undefined), caseNames),
    proxies: pickNames("--proxies", values.proxies, proxyNames),
    rounds: wholeNumber("--rounds", values.rounds ?? (smoke ? "1" : "5")),
    seconds: wholeNumber("--seconds", values.seconds ?? (smoke ? "1" : "3")),
    warmUpSeconds: wholeNumber("--warm-up", values["warm-up"] ?? (smoke ? "1" : "3")),
    out: values.out,
    builtFolder: values.built,
    usePerf: values.perf,
    useCpuProf: values["cpu-prof"],
    profileFolder: values["profile-dir"],
  };
}
