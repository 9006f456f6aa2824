import { parseListenerId, type HashedUnit } from "../../compile/index.ts";
import type { AppliedConfiguration } from "../configuration/configuration.ts";
import type { RunStatus } from "./run-status.ts";

interface Status extends Pick<RunStatus, "phase"> {
  readonly applied: Pick<AppliedConfiguration, "units" | "listeners"> | null;
}

/** Why `/readyz` answers 503, a line each; none where it answers 200. */
export function unreadyReasons({ applied, phase }: Status): string[] {
  if (phase === "draining") return ["draining"];
  if (applied === null) return ["no configuration is in force yet"];
  if (phase === "starting") return ["starting"];
  const failed = applied.listeners.filter(({ error }) => error !== null);
  if (failed.length === 0) return [];
  const ofSets = listenersOfSets(applied.units.toArray());
  return failed
    .filter(({ name }) => !ofSets.has(name))
    .map(({ name, error }) => `listener ${name}: ${error}`);
}

/**
 * Those that no Gateway asks for by itself. A ListenerSet is a team's: a port that it cannot have must not send the
 * traffic of all others elsewhere.
 */
function listenersOfSets(units: readonly HashedUnit[]): ReadonlySet<string> {
  const names = units.flatMap(({ unit }) => {
    const isOfSets =
      unit.kind === "listener" &&
      unit.servers.every(({ id }) => parseListenerId(id).owner.kind === "ListenerSet");
    return isOfSets ? [unit.name] : [];
  });
  return new Set(names);
}
