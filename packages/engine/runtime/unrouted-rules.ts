import type { FilterSpec, ListenerUnit, RouteRule, RouteUnit, ServerSpec } from "../model/index.ts";
import type { Rule, UnroutedRules } from "../proxy/index.ts";
import { buildRule } from "./rule-builder.ts";
import type { RuleContext } from "./rule-builder.ts";

/**
 * What requests pass that no route of a listener takes, by the server that they are for (ADR 45). They stay what they
 * are: the exchange keeps the listener's own MatchInfo, so that no counter and no log line names a route.
 */
class ListenerUnrouted implements UnroutedRules {
  private readonly byServer: ReadonlyMap<string, Rule>;
  private readonly otherwise: Rule | null;

  constructor(byServer: ReadonlyMap<string, Rule>, otherwise: Rule | null) {
    this.byServer = byServer;
    this.otherwise = otherwise;
  }

  find(server: ServerSpec | null): Rule | null {
    return server === null ? this.otherwise : (this.byServer.get(server.id) ?? null);
  }
}

/** Null where nothing has a part in how they are refused. */
export function buildUnrouted(
  unit: ListenerUnit,
  listener: { name: string; index: number },
  context: RuleContext,
): UnroutedRules | null {
  const build = (filters: readonly FilterSpec[], name: string): Rule =>
    buildRule(noRoute, { ...emptyRule, name, filters }, listener, context);
  const byServer = new Map<string, Rule>();
  for (const { id, unrouted } of unit.servers)
    if (unrouted !== undefined) byServer.set(id, build(unrouted, id));
  const otherwise = unit.unrouted === undefined ? null : build(unit.unrouted, unit.name);
  return byServer.size === 0 && otherwise === null ? null : new ListenerUnrouted(byServer, otherwise);
}

const noRoute: RouteUnit = { kind: "route", name: "", attachments: [], rules: [], createdMs: 0 };

const emptyRule: Omit<RouteRule, "name" | "filters"> = {
  matches: [],
  backends: [],
  requestTimeoutMs: 0,
  backendRequestTimeoutMs: 0,
  retry: null,
  sessionPersistence: null,
};
