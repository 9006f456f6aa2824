import { isDistinct, type GatewayPlan, type ListenerPlan } from "./gateway-plan.ts";
import { makeFinding } from "../io/status.ts";

/**
 * Marks HTTPS listeners of one port and address whose host names or certificates overlap: a client that holds a
 * connection to one of them may send it requests meant for the other (HTTP/2 connection reuse, RFC 9113 section 9.1.1).
 */
export function markOverlaps(plans: readonly GatewayPlan[]): void {
  for (const { listeners } of plans) {
    const secure = listeners.filter((one) => one.tls !== null && isDistinct(one));
    const order = new Map(secure.map((one, index) => [one, index]));
    for (const [one, found] of overlapsOf(secure)) {
      const others = [...found].sort((a, b) => order.get(a)! - order.get(b)!);
      const host = one.hostname === "" ? "(any)" : one.hostname;
      const message = `hostname ${host} overlaps with that of ${namesOf(others, one)}`;
      one.overlap = makeFinding("OverlappingHostnames", one.path, message);
    }
  }
}

/** With which others each overlaps: found by the wildcards above it, since there may be thousands. */
function overlapsOf(listeners: readonly ListenerPlan[]): Map<ListenerPlan, Set<ListenerPlan>> {
  const byName = new Map(listeners.map((one) => [nameAt(one, one.hostname), one]));
  const found = new Map<ListenerPlan, Set<ListenerPlan>>();
  const note = (one: ListenerPlan, other: ListenerPlan) =>
    found.set(one, (found.get(one) ?? new Set()).add(other));
  for (const one of listeners) {
    for (const wider of widerThan(one.hostname)) {
      const other = byName.get(nameAt(one, wider));
      if (other === undefined) continue;
      note(one, other);
      note(other, one);
    }
  }
  return found;
}

const nameAt = ({ listener }: ListenerPlan, hostname: string): string => `${listener.port} ${hostname}`;

/** The host names that stand for all of one's hosts and more: "*.b.c", "*.c" and "" of "a.b.c". */
function widerThan(hostname: string): string[] {
  if (hostname === "") return [];
  const name = hostname.startsWith("*.") ? hostname.slice(2) : hostname;
  const wider: string[] = [];
  for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
    wider.push(`*${name.slice(dot)}`);
  }
  return [...wider, ""];
}

/** Listeners of ListenerSets that belong to others are not named. */
function namesOf(others: readonly ListenerPlan[], { owner: told }: ListenerPlan): string {
  const beside = others.filter(({ owner }) => owner.key === told.key);
  const elsewhere = others.filter(({ owner }) => owner.key !== told.key);
  const ofGateway = elsewhere.filter(({ owner }) => owner.kind === "Gateway");
  const namesIn = (list: readonly ListenerPlan[]) => list.map(({ listener }) => listener.name).join(", ");
  return [
    ...(beside.length > 0 ? [`listener ${namesIn(beside)}`] : []),
    ...(ofGateway.length > 0 ? [`listener ${namesIn(ofGateway)} of the Gateway`] : []),
    ...(elsewhere.length > ofGateway.length ? ["a ListenerSet of the Gateway"] : []),
  ].join(" and of ");
}
