import { isAccepted, isDistinct, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";
import { inPrecedence } from "./listener-precedence.ts";
import { makeFinding } from "../io/status.ts";

interface Claim {
  readonly plan: GatewayPlan;
  readonly listener: ListenerPlan;
}

/**
 * Marks the listeners that are not distinct. Within a Gateway's own spec all that share a port with different
 * protocols, or host name, lose (Gateway API, "Handling indistinct Listeners"). Those of ListenerSets come after the
 * Gateway's and one after the other: the first by precedence keeps what several claim (ListenerSet, `spec.listeners`).
 * Gateways that share an address are merged by host name in the same way, so that a new one cannot take the traffic
 * of another.
 *
 * `plans` from the oldest to the youngest.
 */
export function markConflicts(plans: readonly GatewayPlan[]): void {
  for (const plan of plans) markWithin(plan);
  const places = new Map<string, Place>();
  const ports = new Map<string, Map<AddressClass, Claim>>();
  for (const { plan, listeners } of inPrecedence(plans)) {
    for (const listener of listeners.filter((one) => takesPort(plan, one))) {
      const claim = { plan, listener };
      markShared(claim, places);
      markOverlapping(claim, ports);
      if (takesPort(plan, listener)) addClaim(claim, places, ports);
    }
  }
}

/** One address and port with all that was claimed there. */
interface Place {
  readonly first: Claim;
  readonly byHostname: Map<string, Claim>;
  /** The first that decrypts TLS. */
  secure: Claim | null;
}

type AddressClass = "any" | "any-v4" | "one-v4" | "one-v6";

/** Which other sockets of a port keep one from being bound, whatever their address. */
const overlapping: Readonly<Record<AddressClass, readonly AddressClass[]>> = {
  any: ["any-v4", "one-v4", "one-v6"],
  "any-v4": ["any", "one-v4"],
  "one-v4": ["any", "any-v4"],
  "one-v6": ["any"],
};

function classOf(address: string): AddressClass {
  if (address === "::") return "any";
  if (address === "0.0.0.0") return "any-v4";
  return address.includes(":") ? "one-v6" : "one-v4";
}

function addClaim(
  claim: Claim,
  places: Map<string, Place>,
  ports: Map<string, Map<AddressClass, Claim>>,
): void {
  const port = placeOf(claim.listener);
  const classes = ports.get(port) ?? new Map<AddressClass, Claim>();
  ports.set(port, classes);
  for (const address of claim.plan.address.addresses) {
    const name = `${address} ${port}`;
    const place = places.get(name) ?? { first: claim, byHostname: new Map<string, Claim>(), secure: null };
    places.set(name, place);
    if (claim.listener.tls !== null) place.secure ??= claim;
    if (!place.byHostname.has(claim.listener.hostname)) place.byHostname.set(claim.listener.hostname, claim);
    if (!classes.has(classOf(address))) classes.set(classOf(address), claim);
  }
}

function takesPort(plan: GatewayPlan, listener: ListenerPlan): boolean {
  return isAccepted(plan) && plan.address.addresses.length > 0 && isDistinct(listener);
}

function markWithin(plan: GatewayPlan): void {
  const open = plan.own.filter(({ refused }) => refused === null);
  for (const one of open) {
    const others = open.filter((other) => other !== one && placeOf(other) === placeOf(one));
    const otherProtocol = others.filter((other) => !canShare(other, one));
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

/** HTTPS and TLS listeners of one port are told apart by the name in the ClientHello. */
function canShare(a: ListenerPlan, b: ListenerPlan): boolean {
  if (socketOf(a) !== socketOf(b)) return false;
  // A Gateway's two of one name are told apart by nothing.
  return a.hostname !== b.hostname || a.listener.protocol === b.listener.protocol;
}

/** UDP has ports of its own: one of them may be TCP's as well. */
const placeOf = ({ listener: { port, protocol } }: ListenerPlan): string =>
  protocol === "UDP" ? `${port}/udp` : `${port}`;

const socketOf = ({ listener: { protocol } }: ListenerPlan) => (protocol === "TLS" ? "HTTPS" : protocol);

function namesOf(listeners: readonly ListenerPlan[]): string {
  return listeners.map(({ listener }) => `${listener.protocol} in listener ${listener.name}`).join(", ");
}

const hostText = ({ hostname }: ListenerPlan) => (hostname === "" ? "(any)" : hostname);

function markShared({ plan, listener }: Claim, places: ReadonlyMap<string, Place>): void {
  const { port } = listener.listener;
  const isOfGateway = listener.owner.kind === "Gateway";
  const elsewhere = isOfGateway ? "use another port or address" : "use another port";
  for (const address of plan.address.addresses) {
    const place = places.get(`${address} ${placeOf(listener)}`);
    if (place === undefined) continue;
    const sameHost = place.byHostname.get(listener.hostname);
    const rival = sameHost ?? place.first;
    if (!canShare(rival.listener, listener)) {
      const message = `port ${port} is ${rival.listener.listener.protocol} in ${nameOf(rival, listener)}; ${elsewhere}`;
      listener.conflict = makeFinding("ProtocolConflict", listener.path, message);
    } else if (sameHost !== undefined) {
      const mend = isOfGateway ? "hostname, port or address" : "hostname or port";
      const message = `port ${port} and hostname ${hostText(listener)} are those of ${nameOf(sameHost, listener)}; use another ${mend}`;
      listener.conflict = makeFinding("HostnameConflict", listener.path, message);
    } else if (place.secure !== null && listener.tls !== null && !isSameValidation(place.secure, listener)) {
      // The name in the ClientHello is the client's to choose, so it must not choose how it is checked.
      const message = `port ${port}: ${nameOf(place.secure, listener)} has other rules for certificates of clients; ${elsewhere}, or give both the same spec.tls.frontend`;
      listener.refused = makeFinding("PortUnavailable", listener.path, message);
    }
  }
}

function isSameValidation(
  { listener: { clientValidation: a } }: Claim,
  { clientValidation: b }: ListenerPlan,
) {
  return a?.mode === b?.mode && a?.caPem === b?.caPem;
}

function markOverlapping(
  { plan, listener }: Claim,
  ports: ReadonlyMap<string, ReadonlyMap<AddressClass, Claim>>,
): void {
  const { port } = listener.listener;
  const classes = ports.get(placeOf(listener));
  if (classes === undefined || listener.conflict !== null) return;
  for (const address of plan.address.addresses) {
    const other = overlapping[classOf(address)]
      .map((one) => classes.get(one))
      .find((one) => one !== undefined);
    if (other === undefined || other.plan === plan) continue;
    const bound = other.plan.address.addresses.join(", ");
    const message = `port ${port}: ${nameOf(other, listener)} binds ${bound}, which overlaps with ${address}; use another port or address`;
    listener.refused = makeFinding("PortUnavailable", listener.path, message);
  }
}

/** Names who was first. Of ListenerSets that belong to others only the Gateway is named, which both know. */
function nameOf({ plan, listener: { listener, owner } }: Claim, loser: ListenerPlan): string {
  const { namespace, name } = plan.gateway.metadata;
  if (owner.key === loser.owner.key) return `listener ${listener.name} before it`;
  if (owner.kind === "ListenerSet") return `a ListenerSet of Gateway ${namespace}/${name}`;
  const age = loser.owner.kind === "Gateway" ? "older " : "";
  return `listener ${listener.name} of the ${age}Gateway ${namespace}/${name}`;
}
