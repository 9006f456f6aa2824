import { parseDurationMs } from "../gateway-api/go-duration.ts";
import { duration } from "../gateway-api/names.ts";
import { refine } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";

/** A duration from `min` to `max`, both included. */
export function boundedTime(min: string, max: string) {
  const [low, high] = [parseDurationMs(min)!, parseDurationMs(max)!];
  const bounds = rule<string>("duration-bounds", `must be from ${min} to ${max}`, (self) => {
    const ms = parseDurationMs(self) ?? -1;
    return ms >= low && ms <= high;
  });
  return refine(duration, { rules: [bounds] });
}
