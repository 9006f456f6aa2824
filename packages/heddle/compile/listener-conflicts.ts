import { anyAddress } from "./gateway-address.ts";
import type { GatewayPlan, ListenerPlan } from "./gateway-plan.ts";
import { covers } from "./hostnames.ts";
import { makeFinding } from "./status.ts";

interface Claim {
  readonly plan: GatewayPlan;
  readonly listener: ListenerPlan;
}

/**
 * Marks the listeners that are not distinct. Within a Gateway all that share a port with different protocols, or
 * host name, lose (Gateway API, "Handling indistinct Listeners"). Gateways that share an address are merged by host
 * name; there the older Gateway keeps what both claim, so that a new one cannot take the traffic of another.
 *
 * `plans` from the oldest to the youngest.
 */
export function markConflicts(plans: readonly GatewayPlan[]): void {
  for (const plan of plans) markWithin(plan);
  const claims = new Map<number, Claim[]>();
  for (const plan of plans) {
    for (const listener of plan.listeners.filter((one) => takesPort(plan, one))) {
      const others = claims.get(listener.listener.port) ?? [];
      markAgainst({ plan, listener }, others);
      if (listener.conflict === null && listener.refused === null) others.push({ plan, listener });
      claims.set(listener.listener.port, others);
    }
  }
}

function takesPort(plan: GatewayPlan, listener: ListenerPlan): boolean {
  return (
    plan.refused.length === 0 &&
    plan.address.addresses.length > 0 &&
    listener.refused === null &&
    listener.conflict === null
  );
}

function markWithin(plan: GatewayPlan): void {
  const open = plan.listeners.filter(({ refused }) => refused === null);
  for (const one of open) {
    const others = open.filter((other) => other !== one && other.listener.port === one.listener.port);
    const otherProtocol = others.filter((other) => other.listener.protocol !== one.listener.protocol);
    const sameHost = others.filter((other) => other.hostname === one.hostname);
    const { port, protocol } = one.listener;
    if (otherProtocol.length > 0) {
      const message = `port ${port} is ${protocol} here and ${namesOf(otherProtocol)}; give one of them another port`;
      one.conflict = makeFinding("ProtocolConflict", one.path, message);
    } else if (sameHost.length > 0) {
      const message = `port ${port} and hostname ${hostText(one)} are also those of ${namesOf(sameHost)}; change one`;
      one.conflict = makeFinding("HostnameConflict", one.path, message);
    }
  }
}

function namesOf(listeners: readonly ListenerPlan[]): string {
  return listeners.map(({ listener }) => `${listener.protocol} in listener ${listener.name}`).join(", ");
}

const hostText = ({ hostname }: ListenerPlan) => (hostname === "" ? "(any)" : hostname);

function markAgainst(claim: Claim, others: readonly Claim[]): void {
  const { plan, listener } = claim;
  for (const other of others.filter((one) => one.plan !== plan)) {
    const { namespace, name } = other.plan.gateway.metadata;
    const who = `listener ${other.listener.listener.name} of the older Gateway ${namespace}/${name}`;
    const { port, protocol } = listener.listener;
    if (!sharesAddress(plan, other.plan)) {
      if (!overlapsAddress(plan, other.plan)) continue;
      const message = `port ${port}: ${who} binds ${other.plan.address.addresses.join(", ")}, which overlaps with ${plan.address.addresses.join(", ")}; use another port or address`;
      listener.refused = makeFinding("PortUnavailable", listener.path, message);
    } else if (protocol !== other.listener.listener.protocol) {
      const message = `port ${port} is ${other.listener.listener.protocol} in ${who}; use another port or address`;
      listener.conflict = makeFinding("ProtocolConflict", listener.path, message);
    } else if (listener.hostname === other.listener.hostname) {
      const message = `port ${port} and hostname ${hostText(listener)} are those of ${who}; use another hostname, port or address`;
      listener.conflict = makeFinding("HostnameConflict", listener.path, message);
    } else continue;
    return;
  }
}

function sharesAddress(a: GatewayPlan, b: GatewayPlan): boolean {
  return a.address.addresses.some((address) => b.address.addresses.includes(address));
}

/** A socket on every address keeps others from binding one of them. */
function overlapsAddress(a: GatewayPlan, b: GatewayPlan): boolean {
  const isAny = ({ address }: GatewayPlan) => address.addresses.some((one) => anyAddress.has(one));
  const isV6Only = ({ address }: GatewayPlan) =>
    address.addresses.every((one) => one.includes(":") && !anyAddress.has(one));
  if (a.address.addresses.includes("::") || b.address.addresses.includes("::")) return true;
  return (isAny(a) && !isV6Only(b)) || (isAny(b) && !isV6Only(a));
}

/**
 * Marks HTTPS listeners of one port and address whose host names or certificates overlap: a client that holds a
 * connection to one of them may send it requests meant for the other (HTTP/2 connection reuse, RFC 9113 section 9.1.1).
 */
export function markOverlaps(plans: readonly GatewayPlan[]): void {
  for (const plan of plans) {
    const secure = plan.listeners.filter(
      ({ tls, conflict, refused }) => tls !== null && conflict === null && refused === null,
    );
    for (const one of secure) {
      const others = secure.filter(
        (other) =>
          other !== one && other.listener.port === one.listener.port && overlap(one.hostname, other.hostname),
      );
      if (others.length === 0) continue;
      const names = others.map(({ listener }) => listener.name).join(", ");
      const message = `hostname ${hostText(one)} overlaps with that of listener ${names}`;
      one.overlap = makeFinding("OverlappingHostnames", one.path, message);
    }
  }
}

function overlap(a: string, b: string): boolean {
  return covers(a, b) || covers(b, a);
}
