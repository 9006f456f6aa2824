import type { ClientValidation, ListenerSettings, ListenerUnit, ServerSpec } from "@heddle/engine/model";
import type { Collector } from "../pass/collector.ts";
import { isServed, parametersPath, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";
import { inPrecedence } from "./listener-precedence.ts";
import type { Unrouted } from "./unrouted.ts";

interface Bound {
  readonly unit: ListenerUnit & {
    servers: ServerSpec[];
    clientValidation?: ClientValidation;
    unrouted?: ListenerUnit["unrouted"];
  };
  /** The first Gateway there, whose settings hold. */
  readonly owner: GatewayPlan;
}

/**
 * The listeners to bind: one for each address and port, with the servers of all Gateways and ListenerSets that share
 * it, the first by precedence first.
 */
export function listenerUnits(
  plans: readonly GatewayPlan[],
  unrouted: ReadonlyMap<ListenerPlan, Unrouted>,
  collector: Collector,
): ListenerUnit[] {
  const found = new Map<string, Bound>();
  const overruled = new Map<GatewayPlan, Set<Bound>>();
  for (const { plan, listeners } of inPrecedence(plans)) {
    for (const listener of listeners) {
      if (!isServed(plan, listener)) continue;
      const { port, protocol } = listener.listener;
      const server = serverOf(listener, unrouted.get(listener));
      for (const address of plan.address.addresses) {
        const socket = address.includes(":") ? `[${address}]/${port}` : `${address}/${port}`;
        const name = protocol === "UDP" ? `${socket}/udp` : socket;
        const bound = found.get(name);
        if (bound !== undefined) {
          bound.unit.servers.push(server);
          if (!isSame(bound.unit.settings, plan.settings.listener)) note(overruled, plan, bound);
        } else {
          const place = { address, port, protocol: socketProtocol(protocol) };
          const { listener: settings } = plan.settings;
          const unit = { kind: "listener" as const, name, ...place, servers: [server], settings };
          found.set(name, { unit, owner: plan });
        }
        // All that decrypt TLS here have the same; see listener-conflicts.ts.
        const { clientValidation } = listener;
        if (clientValidation !== null) found.get(name)!.unit.clientValidation = clientValidation;
      }
    }
  }
  for (const [plan, places] of overruled) {
    for (const bound of places) warnOverruled(plan, bound, collector);
  }
  if (unrouted.size > 0) for (const { unit } of found.values()) shareUnrouted(unit);
  return [...found.values()].map(({ unit }) => unit);
}

function note(overruled: Map<GatewayPlan, Set<Bound>>, plan: GatewayPlan, bound: Bound): void {
  overruled.set(plan, (overruled.get(plan) ?? new Set()).add(bound));
}

/** What is behind TLS on one port is told apart by name; see listener-conflicts.ts. */
function socketProtocol(protocol: string): ListenerUnit["protocol"] {
  return protocol === "TLS" ? "HTTPS" : (protocol as ListenerUnit["protocol"]);
}

/** A host that no listener of a port has is refused as all of them refuse, where they do it in one way. */
function shareUnrouted(unit: Bound["unit"]): void {
  const [first, ...others] = unit.servers.filter(({ stream }) => stream === undefined);
  if (first?.unrouted === undefined) return;
  const own = JSON.stringify(first.unrouted);
  if (others.every(({ unrouted }) => JSON.stringify(unrouted) === own)) unit.unrouted = first.unrouted;
}

function serverOf({ id, hostname, tls, stream }: ListenerPlan, unrouted: Unrouted | undefined): ServerSpec {
  if (stream === undefined)
    return { id, hostname, tls, ...(unrouted !== undefined && { unrouted: unrouted.filters }) };
  // What the endpoint speaks is not known here.
  return { id, hostname, tls: tls === null ? null : { ...tls, alpn: [] }, stream };
}

function isSame(a: ListenerSettings, b: ListenerSettings): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function warnOverruled(plan: GatewayPlan, { unit, owner }: Bound, collector: Collector): void {
  const { namespace, name } = owner.gateway.metadata;
  const message = `${unit.name} is shared with the older Gateway ${namespace}/${name}, whose limits, forwarded, proxyProtocol, upgrades and escapedSlashes hold there; use another port or address, or give both the same settings`;
  collector.problem(plan.key, parametersPath, message, "warning");
}
