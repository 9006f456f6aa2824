import {
  heddleGroup,
  makeKey,
  type BackendObjectReference,
  type ServicePort,
} from "../../resources/index.ts";
import {
  grpcMistake,
  overHttp2,
  overTransport,
  portProtocolOf,
  readAppProtocol,
  servicePortProtocol,
  type Transport,
} from "./app-protocol.ts";
import { planBackend } from "./backend-cluster.ts";
import type { ControlAddress } from "../io/compile-io.ts";
import { readPresence, readResource, type FactReader } from "../pass/facts.ts";
import { grantMissing, isGranted, type Referrer } from "../references/reference-grant.ts";
import { makeFinding, verdictOf, type Finding, type Warning } from "../io/status.ts";
import { tlsPolicyFor } from "./tls-policy-for.ts";

export type ResolvedBackend =
  | {
      readonly cluster: string;
      /** What the backend asks for that is not done on this way. */
      readonly warning?: Warning;
    }
  | { readonly finding: Finding };

/** Who refers to a backend, and how it goes on to it; null: as requests. */
export interface BackendReferrer extends Referrer {
  readonly transport: Transport | null;
  /** Over HTTP/2, as gRPC takes it. */
  readonly isGrpc: boolean;
}

/** The cluster that a reference stands for, or why it does not resolve; `path` is that of the reference. */
export function resolveBackend(
  ref: BackendObjectReference,
  path: string,
  from: BackendReferrer,
  facts: FactReader,
  controlAddresses: readonly ControlAddress[],
): ResolvedBackend {
  const isService = ref.group === "" && ref.kind === "Service";
  const isBackend = ref.group === heddleGroup && ref.kind === "Backend";
  if (!isService && !isBackend) {
    const got = `${ref.kind} of group "${ref.group}"`;
    return failed(
      "InvalidKind",
      path,
      `cannot refer to ${got}; use a Service, or a Backend of group heddle.dev`,
    );
  }
  const namespace = ref.namespace ?? from.namespace;
  const to = { group: ref.group, kind: ref.kind, namespace, name: ref.name };
  if (!isGranted(facts, from, to)) return failed("RefNotPermitted", path, grantMissing(from, to));
  return isService
    ? resolveService(namespace, ref, path, facts, from)
    : resolveHeddleBackend(namespace, ref.name, path, facts, controlAddresses, from);
}

function failed(reason: string, path: string, message: string): ResolvedBackend {
  return { finding: makeFinding(reason, path, message) };
}

function notFound(
  kind: "Service" | "Backend",
  namespace: string,
  name: string,
  path: string,
  facts: FactReader,
): ResolvedBackend {
  const key = makeKey(kind === "Backend" ? heddleGroup : "", kind, namespace, name);
  const message =
    readPresence(facts, key) === "rejected"
      ? `${kind} ${namespace}/${name} has errors; mend it first`
      : `there is no ${kind} ${namespace}/${name}`;
  return failed("BackendNotFound", path, message);
}

function resolveService(
  namespace: string,
  { name, port }: BackendObjectReference,
  path: string,
  facts: FactReader,
  from: BackendReferrer,
): ResolvedBackend {
  const service = readResource(facts, "Service", namespace, name);
  if (service === undefined) return notFound("Service", namespace, name, path, facts);
  const { type, ports = [] } = service.spec;
  if (type === "ExternalName") {
    // Its DNS name can lead anywhere, Heddle's own machine included (CVE-2021-25740).
    return failed(
      "InvalidKind",
      path,
      `Service ${namespace}/${name} is of type ExternalName, which is not forwarded to; use a Backend with the host name`,
    );
  }
  const found = ports.filter((one) => one.port === port);
  if (found.length === 0) {
    const known = ports.map((one) => one.port).join(", ");
    const has = known === "" ? "it has none" : `it has ${known}`;
    return failed(
      "BackendNotFound",
      `${path}.port`,
      `Service ${namespace}/${name} has no port ${port}; ${has}`,
    );
  }
  const { transport } = from;
  if (transport !== null)
    return streamCluster(found, transport, `service/${namespace}/${name}/${port}`, path);
  const mistakeOf = (one: ServicePort) =>
    protocolMistake(one, tlsPolicyFor(namespace, name, one, facts) !== undefined) ??
    (from.isGrpc ? grpcMistake(one) : null);
  if (found.some((one) => mistakeOf(one) === null)) {
    const isHttp2 = servicePortProtocol(service, port!) === "http2";
    return { cluster: clusterFor(from, `service/${namespace}/${name}/${port}`, isHttp2) };
  }
  return failed(
    "UnsupportedProtocol",
    path,
    `port ${port} of Service ${namespace}/${name} ${mistakeOf(found[0]!)}`,
  );
}

/** What the port speaks is the client's business. */
function streamCluster(
  ports: readonly ServicePort[],
  transport: Transport,
  name: string,
  path: string,
): ResolvedBackend {
  const needed = portProtocolOf(transport);
  if (ports.some(({ protocol }) => protocol === needed)) return { cluster: overTransport(transport, name) };
  const message = `the port is ${ports[0]!.protocol}; the route passes on ${needed}`;
  return failed("UnsupportedProtocol", path, message);
}

/** GRPCRoutes take HTTP/2; where the endpoints are spoken to in it anyway they share the connections of others. */
function clusterFor(from: BackendReferrer, name: string, isHttp2: boolean): string {
  const { transport } = from;
  if (transport !== null) return overTransport(transport, name);
  return from.isGrpc && !isHttp2 ? overHttp2(name) : name;
}

function protocolMistake(port: ServicePort, hasTls: boolean): string | null {
  const read = readAppProtocol(port);
  if (typeof read === "string") return read;
  return read.needsTls && !hasTls
    ? `has appProtocol ${port.appProtocol}; TLS to a Service takes a BackendTLSPolicy for it`
    : null;
}

function resolveHeddleBackend(
  namespace: string,
  name: string,
  path: string,
  facts: FactReader,
  controlAddresses: readonly ControlAddress[],
  from: BackendReferrer,
): ResolvedBackend {
  const backend = readResource(facts, "Backend", namespace, name);
  if (backend === undefined) return notFound("Backend", namespace, name, path, facts);
  const { unresolved, protocol, tls } = planBackend(backend, facts, controlAddresses);
  // Without its trust bundle the backend's identity cannot be checked.
  if (unresolved.length > 0) {
    return failed(
      "BackendNotFound",
      path,
      `Backend ${namespace}/${name} is not usable: ${verdictOf(unresolved)!.message}`,
    );
  }
  if (from.transport === "UDP" && tls !== null) {
    const message = `Backend ${namespace}/${name} has TLS, which datagrams cannot be sent in`;
    return failed("UnsupportedProtocol", path, message);
  }
  const cluster = clusterFor(from, `backend/${namespace}/${name}`, protocol === "http2");
  if (from.transport !== "UDP" || backend.spec.proxyProtocol === undefined) return { cluster };
  const message = `proxyProtocol of Backend ${namespace}/${name} has no effect: datagrams go on without its header; use a Backend without it`;
  return { cluster, warning: { path, message } };
}
