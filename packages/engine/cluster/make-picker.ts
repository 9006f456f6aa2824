import {
  DEFAULT_MAGLEV_SIZE,
  DEFAULT_RING_SIZE,
  HashPicker,
  LeastRequestPicker,
  LevelPicker,
  maglevTable,
  PeakEwmaPicker,
  RandomPicker,
  ringTable,
  RoundRobinPicker,
  SlowStartPicker,
} from "../balance/index.ts";
import type { AvailabilityChanges, FlatPicker, Picker } from "../balance/index.ts";
import { DEFAULT_FAILOVER } from "../model/index.ts";
import type { BalancingSpec } from "../model/index.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * The picker of a cluster: the algorithm alone where nothing else is asked for, else with levels around it, and slow
 * start around those.
 */
export function makePicker(
  spec: BalancingSpec,
  endpoints: readonly Endpoint[],
  changes: AvailabilityChanges,
): Picker<Endpoint> {
  const { zone = null, failover, slowStart } = spec;
  const hasPriorities = endpoints.some(({ priority }) => priority !== endpoints[0].priority);
  const prefersZone = zone !== null && zone.mode === "prefer" && (zone.zone !== "" || zone.node !== "");
  const picker =
    hasPriorities || prefersZone || failover !== undefined
      ? new LevelPicker(() => flatPicker(spec), failover ?? DEFAULT_FAILOVER, zone, changes)
      : flatPicker(spec);
  // A key that is refused by chance would move.
  const hasKeys = spec.algorithm === "ring-hash" || spec.algorithm === "maglev";
  return slowStart === undefined || hasKeys ? picker : new SlowStartPicker(picker, slowStart);
}

function flatPicker(spec: BalancingSpec): FlatPicker<Endpoint> {
  switch (spec.algorithm) {
    case "peak-ewma":
      return new PeakEwmaPicker<Endpoint>();
    case "least-request":
      return new LeastRequestPicker<Endpoint>();
    case "round-robin":
      return new RoundRobinPicker<Endpoint>();
    case "random":
      return new RandomPicker<Endpoint>();
    case "ring-hash":
      return new HashPicker<Endpoint>(
        ringTable(spec.ringHash ?? DEFAULT_RING_SIZE),
        spec.hash?.maxLoadPercent,
      );
    case "maglev":
      return new HashPicker<Endpoint>(
        maglevTable(spec.maglev?.tableSize ?? DEFAULT_MAGLEV_SIZE),
        spec.hash?.maxLoadPercent,
      );
  }
}
