import type { BackendObjectReference, ServicePort } from "../resources/index.ts";
import { planBackend } from "./backend-cluster.ts";
import type { ControlAddress } from "./compile-io.ts";
import { readResource, type FactReader } from "./facts.ts";
import { grantMissing, isGranted, type Referrer } from "./reference-grant.ts";
import type { Finding } from "./status.ts";

export type ResolvedBackend = { readonly cluster: string } | { readonly finding: Finding };

/** Application protocols of a Service port that HTTP/1.1 reaches (KEP-3726, and the plain name). */
const httpProtocols: ReadonlySet<string> = new Set(["http", "kubernetes.io/ws"]);

/** The cluster that a reference stands for, or why it does not resolve. Messages begin with `path`. */
export function resolveBackend(
  ref: BackendObjectReference,
  path: string,
  from: Referrer,
  facts: FactReader,
  controlAddresses: readonly ControlAddress[],
): ResolvedBackend {
  const isService = ref.group === "" && ref.kind === "Service";
  const isBackend = ref.group === "heddle.dev" && ref.kind === "Backend";
  if (!isService && !isBackend) {
    const got = `${ref.kind} of group "${ref.group}"`;
    return failed(
      "InvalidKind",
      `${path}: cannot refer to ${got}; use a Service, or a Backend of group heddle.dev`,
    );
  }
  const namespace = ref.namespace ?? from.namespace;
  const to = { group: ref.group, kind: ref.kind, namespace, name: ref.name };
  if (!isGranted(facts, from, to)) return failed("RefNotPermitted", grantMissing(path, from, to));
  return isService
    ? resolveService(namespace, ref, path, facts)
    : resolveHeddleBackend(namespace, ref.name, path, facts, controlAddresses);
}

const failed = (reason: string, message: string): ResolvedBackend => ({ finding: { reason, message } });

function resolveService(
  namespace: string,
  { name, port }: BackendObjectReference,
  path: string,
  facts: FactReader,
): ResolvedBackend {
  const service = readResource(facts, "Service", namespace, name);
  if (service === undefined)
    return failed("BackendNotFound", `${path}: there is no Service ${namespace}/${name}`);
  const { type, ports = [] } = service.spec;
  if (type === "ExternalName") {
    // Its DNS name can lead anywhere, Heddle's own machine included (CVE-2021-25740).
    return failed(
      "InvalidKind",
      `${path}: Service ${namespace}/${name} is of type ExternalName, which is not forwarded to; use a Backend with the host name`,
    );
  }
  const found = ports.filter((one) => one.port === port);
  if (found.length === 0) {
    const known = ports.map((one) => one.port).join(", ");
    const has = known === "" ? "it has none" : `it has ${known}`;
    return failed(
      "BackendNotFound",
      `${path}.port: Service ${namespace}/${name} has no port ${port}; ${has}`,
    );
  }
  const usable = found.find((one) => protocolMistake(one) === null);
  if (usable !== undefined) return { cluster: `service/${namespace}/${name}/${port}` };
  return failed(
    "UnsupportedProtocol",
    `${path}: port ${port} of Service ${namespace}/${name} ${protocolMistake(found[0]!)}`,
  );
}

function protocolMistake({ protocol, appProtocol = "" }: ServicePort): string | null {
  if (protocol !== "TCP") return `is ${protocol}; HTTP needs TCP`;
  if (appProtocol === "" || httpProtocols.has(appProtocol.toLowerCase())) return null;
  return `has appProtocol ${appProtocol}; this version reaches ${[...httpProtocols].join(" and ")}`;
}

/** Whether an HTTPRoute can be sent to a port of a Service. */
export function isHttpPort(port: ServicePort): boolean {
  return protocolMistake(port) === null;
}

function resolveHeddleBackend(
  namespace: string,
  name: string,
  path: string,
  facts: FactReader,
  controlAddresses: readonly ControlAddress[],
): ResolvedBackend {
  const backend = readResource(facts, "Backend", namespace, name);
  if (backend === undefined)
    return failed("BackendNotFound", `${path}: there is no Backend ${namespace}/${name}`);
  const { unresolved } = planBackend(backend, facts, controlAddresses);
  // Without its trust bundle the backend's identity cannot be checked.
  if (unresolved !== null) {
    return failed(
      "BackendNotFound",
      `${path}: Backend ${namespace}/${name} is not usable: ${unresolved.message}`,
    );
  }
  return { cluster: `backend/${namespace}/${name}` };
}
