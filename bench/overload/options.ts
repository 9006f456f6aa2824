import { parseArgs } from "node:util";
import { wholeNumber } from "../rig/option-values.ts";

export interface Options {
  seconds: number;
  times: number;
  connections: number;
  workMicros: number;
  target: string;
  builtFolder: string | undefined;
  out: string | undefined;
}

export const usage = `npm run bench:overload -- [options]
  --seconds N      of each measurement: the peak, the load, the peak again (default 10)
  --times N        the load, in times of the peak (default 3)
  --connections N  that clients have in all (default 4000)
  --work N         microseconds that each request keeps the worker busy, so that it costs it more than the load (default 800)
  --target TIME    spec.overload.targetDelay; 0s: load is not shed (default 100ms)
  --built DIR      run the built package in DIR instead of the sources
  --out FILE       write the results as JSON too`;

export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: "string", default: "10" },
      times: { type: "string", default: "3" },
      connections: { type: "string", default: "4000" },
      work: { type: "string", default: "800" },
      target: { type: "string", default: "100ms" },
      built: { type: "string" },
      out: { type: "string" },
    },
  });
  return {
    seconds: wholeNumber("--seconds", values.seconds, 1),
    times: wholeNumber("--times", values.times, 1),
    connections: wholeNumber("--connections", values.connections, 64),
    workMicros: wholeNumber("--work", values.work, 0),
    target: values.target,
    builtFolder: values.built,
    out: values.out,
  };
}
