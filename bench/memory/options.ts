import { parseArgs } from "node:util";
import { oneOf, positiveNumber } from "../rig/option-values.ts";

const partNames = ["rest", "idle", "growth"] as const;
export type Part = (typeof partNames)[number];

export interface Options {
  parts: readonly Part[];
  /** configuration files for the reading at rest; empty: the generated one */
  configFiles: readonly string[];
  proxy: "heddle" | "nginx" | "haproxy" | "caddy";
  connections: number;
  minutes: number;
  earlyMinutes: number;
  builtFolder: string | undefined;
  out: string | undefined;
}

export const usage = `npm run bench:memory -- [options]
  --parts LIST     of ${partNames.join(",")} (default: all)
  --config PATH    configuration for the reading at rest, may be repeated (default: a generated one)
  --connections N  idle connections (default 2000)
  --minutes M      length of the load (default 10), compared with
  --early M        this minute of it (default 2)
  --proxy NAME     heddle, or a peer to compare with: nginx, haproxy, caddy
  --built DIR      run the built package in DIR instead of the sources
  --out FILE       write the results as JSON too`;

export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      parts: { type: "string", default: partNames.join(",") },
      config: { type: "string", multiple: true, default: [] },
      proxy: { type: "string", default: "heddle" },
      connections: { type: "string", default: "2000" },
      minutes: { type: "string", default: "10" },
      early: { type: "string", default: "2" },
      built: { type: "string" },
      out: { type: "string" },
    },
  });
  const minutes = positiveNumber("--minutes", values.minutes);
  const earlyMinutes = positiveNumber("--early", values.early);
  if (earlyMinutes >= minutes)
    throw new Error(`--early is ${earlyMinutes}, takes less than the ${minutes} of --minutes`);
  return {
    parts: values.parts.split(",").map((name) => oneOf("--parts", name, partNames)),
    configFiles: values.config,
    proxy: oneOf("--proxy", values.proxy, ["heddle", "nginx", "haproxy", "caddy"]),
    connections: positiveNumber("--connections", values.connections),
    minutes,
    earlyMinutes,
    builtFolder: values.built,
    out: values.out,
  };
}
