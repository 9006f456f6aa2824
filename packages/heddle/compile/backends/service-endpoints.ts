import type { EndpointSpec } from "@heddle/engine/model";
import {
  keyOf,
  serviceNameLabel,
  type Endpoint,
  type EndpointSlice,
  type Service,
  type ServicePort,
} from "../../resources/index.ts";
import { isReachable, type Transport } from "./app-protocol.ts";
import type { ControlAddress } from "../io/compile-io.ts";
import type { CompileProblem } from "../io/compile-problem.ts";
import { endpointMistake } from "./endpoint-guard.ts";
import { normalAddress } from "../values/ip-address.ts";

export interface ServiceEndpoints {
  readonly endpoints: readonly EndpointSpec[];
  readonly problems: readonly CompileProblem[];
}

interface Candidate {
  readonly spec: EndpointSpec;
  readonly endpoint: Endpoint;
}

/**
 * The endpoints behind a port of a Service, one of that transport, or that HTTP can be spoken to: those that are ready; where none is, those that still serve while they
 * terminate (KEP-1669).
 */
export function serviceEndpoints(
  service: Service,
  portNumber: number,
  transport: Transport | null,
  slices: readonly EndpointSlice[],
  controlAddresses: readonly ControlAddress[],
): ServiceEndpoints {
  const port = service.spec.ports?.find((one) => one.port === portNumber && isReachable(one, transport));
  const problems: CompileProblem[] = [];
  if (port === undefined) return { endpoints: [], problems };
  const candidates = slices.flatMap((slice) =>
    candidatesOf(service, port, slice, controlAddresses, problems),
  );
  const takesAll = service.spec.publishNotReadyAddresses === true;
  const ready = candidates.filter(({ endpoint }) => takesAll || endpoint.conditions?.ready !== false);
  const chosen = ready.length > 0 ? ready : candidates.filter(({ endpoint }) => isLeaving(endpoint));
  return { endpoints: chosen.map(({ spec }) => spec), problems };
}

function isLeaving({ conditions }: Endpoint): boolean {
  return conditions?.serving === true && conditions.terminating === true;
}

function candidatesOf(
  service: Service,
  servicePort: ServicePort,
  slice: EndpointSlice,
  controlAddresses: readonly ControlAddress[],
  problems: CompileProblem[],
): Candidate[] {
  const port = slicePort(service, servicePort, slice);
  if (port === null) return [];
  const found: Candidate[] = [];
  const labels = labelsOf(slice);
  for (const [index, endpoint] of slice.endpoints.entries()) {
    // All addresses of an endpoint reach the same one: Kubernetes uses the first.
    const address = endpoint.addresses[0]!;
    const mistake = endpointMistake(address, port, controlAddresses);
    if (mistake !== null) {
      const path = `endpoints[${index}].addresses[0]`;
      const message = `${address} ${mistake}; the endpoint is left out`;
      problems.push({ key: keyOf(slice), path, message, severity: "error" });
      continue;
    }
    const place = { address: normalAddress(address) ?? address, port, weight: 1 };
    found.push({ spec: { ...place, ...locationOf(endpoint, labels) }, endpoint });
  }
  return found;
}

/** Where an endpoint is, whose callers it is for, and what subsets may choose it by. */
function locationOf(
  { zone = "", nodeName, hints }: Endpoint,
  labels: Readonly<Record<string, string>> | undefined,
): Omit<EndpointSpec, "address" | "port" | "weight"> {
  const forZones = hints?.forZones?.map(({ name }) => name).sort();
  return {
    zone,
    ...(nodeName !== undefined && { node: nodeName }),
    ...(forZones !== undefined && { forZones }),
    ...(labels !== undefined && { labels }),
  };
}

/** Endpoints of a slice have the labels that it has, but for those that say whose it is. */
function labelsOf({ metadata }: EndpointSlice): Readonly<Record<string, string>> | undefined {
  const own = Object.entries(metadata.labels ?? {}).filter(([name]) => !bookkeeping.has(name));
  return own.length === 0 ? undefined : Object.fromEntries(own.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const bookkeeping: ReadonlySet<string> = new Set([
  serviceNameLabel,
  "endpointslice.kubernetes.io/managed-by",
  "endpoints.kubernetes.io/managed-by",
  "service.kubernetes.io/headless",
]);

/** The port of a slice's endpoints behind a port of the Service: by name, else by the number that targetPort gives. */
function slicePort(service: Service, port: ServicePort, slice: EndpointSlice): number | null {
  const { name = "", targetPort } = port;
  const number = typeof targetPort === "number" ? targetPort : targetPort === undefined ? port.port : null;
  const same = slice.ports.filter(({ protocol }) => protocol === port.protocol);
  const named = same.find((one) => one.name === name);
  // A port without a number stands for all ports.
  if (named !== undefined) return named.port ?? number;
  const isOnly = service.spec.ports?.length === 1 && same.length === 1;
  if (isOnly && (name === "" || same[0]!.name === "")) return same[0]!.port ?? number;
  return same.find((one) => one.port === number)?.port ?? null;
}
