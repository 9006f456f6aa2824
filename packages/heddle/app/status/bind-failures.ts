import type { ListenerUnit, Unit } from "@heddle/engine/model";
import {
  parseListenerId,
  type CompileProblem,
  type HashedUnit,
  type ListenerSetStatus,
  type Status,
  type StatusCondition,
} from "../../compile/index.ts";
import { gatewayGroup, makeKey, type ResourceKey } from "../../resources/index.ts";

/** A listener that the system did not let us bind. */
export interface BindFailure {
  readonly unit: ListenerUnit;
  /** The system's code: EADDRINUSE. */
  readonly code: string;
}

/** The listeners of a report that have an error, with their units. */
export function bindFailures(
  units: Iterable<HashedUnit>,
  report: readonly { readonly name: string; readonly error: string | null }[],
): BindFailure[] {
  const failures: BindFailure[] = [];
  if (report.every(({ error }) => error === null)) return failures;
  const codes = new Map(report.map(({ name, error }) => [name, error]));
  for (const { unit } of units) {
    const code = isListener(unit) ? (codes.get(unit.name) ?? null) : null;
    if (code !== null) failures.push({ unit: unit as ListenerUnit, code });
  }
  return failures;
}

const isListener = (unit: Unit): unit is ListenerUnit => unit.kind === "listener";

/** What the system's refusal means and what mends it. */
export function describeBindFailure({ unit, code }: BindFailure): string {
  const { address, port } = unit;
  const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return `cannot bind ${place}: ${mendOf(code, address, port)}`;
}

function mendOf(code: string, address: string, port: number): string {
  switch (code) {
    case "EADDRINUSE":
      return `the port is in use (${code}); stop what listens on it, or give another port`;
    case "EACCES":
      return port < 1024
        ? `ports below 1024 need a permission (${code}); give another port, or allow it: sysctl net.ipv4.ip_unprivileged_port_start=${port}, or the capability CAP_NET_BIND_SERVICE`
        : `permission denied (${code}); give another port`;
    case "EADDRNOTAVAIL":
      return `${address} is no address of this machine (${code}); give another one in spec.addresses`;
    case "EAFNOSUPPORT":
      return `the system has no IPv6 (${code}); give an IPv4 address such as 0.0.0.0 in spec.addresses`;
    case "EMFILE":
    case "ENFILE":
      return `too many open files (${code}); raise the limit (ulimit -n)`;
    default:
      return `the system refuses it (${code})`;
  }
}

/** Statuses by key, of which some are to be others. */
export interface EditableStatuses {
  get(key: ResourceKey): Status | undefined;
  set(key: ResourceKey, status: Status): unknown;
}

/** Corrects the statuses of Gateways and ListenerSets by what could not be bound: those listeners are not programmed. */
export function applyBindFailures(
  statuses: EditableStatuses,
  failures: readonly BindFailure[],
): CompileProblem[] {
  const problems: CompileProblem[] = [];
  for (const failure of failures) {
    const message = describeBindFailure(failure);
    for (const { id } of failure.unit.servers) {
      const { owner, listener } = parseListenerId(id);
      const key = makeKey(gatewayGroup, owner.kind, owner.namespace, owner.name);
      const status = statuses.get(key) as WithListeners | undefined;
      if (status === undefined) continue;
      const index = status.listeners.findIndex(({ name }) => name === listener);
      const reason = owner.kind === "Gateway" ? "AddressNotUsable" : portUnavailable;
      statuses.set(key, withFailure(status, listener, reason, message));
      problems.push({ key, path: `spec.listeners[${index}].port`, message, severity: "error" });
    }
  }
  return problems;
}

const portUnavailable = "PortUnavailable";

/** What Gateways and ListenerSets have alike. */
type WithListeners = ListenerSetStatus;

/** `reason` is that of the resource, where none of its listeners is left. */
function withFailure(
  status: WithListeners,
  listener: string,
  reason: string,
  message: string,
): WithListeners {
  const listeners = status.listeners.map((one) =>
    one.name === listener
      ? { ...one, conditions: notProgrammed(one.conditions, portUnavailable, message) }
      : one,
  );
  const isAnyUp = listeners.some(({ conditions }) =>
    conditions.some(({ type, status: state }) => type === "Programmed" && state === "True"),
  );
  const conditions = isAnyUp ? status.conditions : notProgrammed(status.conditions, reason, message);
  return { ...status, listeners, conditions };
}

function notProgrammed(
  conditions: readonly StatusCondition[],
  reason: string,
  message: string,
): StatusCondition[] {
  return conditions.map((one) =>
    one.type === "Programmed" ? { ...one, status: "False", reason, message } : one,
  );
}
