/** A resource as it is written; the fields of a spec are the schema's business, and tests write wrong ones too. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: Record<string, unknown>;
  [field: string]: unknown;
}

type Spec = Record<string, unknown>;

const gatewayApi = "gateway.networking.k8s.io/v1";

/** `namespace/name`, or a name without a namespace. */
function metadata(name: string): Record<string, unknown> {
  const [first = "", second] = name.split("/");
  return second === undefined ? { name: first } : { namespace: first, name: second };
}

export function gateway(name: string, listeners: readonly Spec[], more: Spec = {}): Manifest {
  const spec = { gatewayClassName: "heddle", listeners, ...more };
  return { apiVersion: gatewayApi, kind: "Gateway", metadata: metadata(name), spec };
}

/** A ListenerSet; `parent` is the name of a Gateway: `edge`, or `infra/edge` in another namespace. */
export function listenerSet(
  name: string,
  parent: string,
  listeners: readonly Spec[],
  more: Record<string, unknown> = {},
): Manifest {
  const spec = { parentRef: metadata(parent), listeners };
  return { apiVersion: gatewayApi, kind: "ListenerSet", metadata: { ...metadata(name), ...more }, spec };
}

/** `spec.allowedListeners` of a Gateway. */
export const allowListeners = (from: string, selector?: Spec): Spec => ({
  allowedListeners: { namespaces: { from, ...(selector && { selector }) } },
});

export function httpListener(name: string, port: number, more: Spec = {}): Spec {
  return { name, port, protocol: "HTTP", ...more };
}

export function httpsListener(name: string, port: number, secrets: readonly Spec[], more: Spec = {}): Spec {
  return { name, port, protocol: "HTTPS", tls: { certificateRefs: secrets }, ...more };
}

/** An HTTPRoute; `parent` is the name of a Gateway of its namespace, or whole parentRefs. */
export function route(
  name: string,
  parent: string | readonly Spec[],
  rules: readonly Spec[],
  hostnames: readonly string[] = [],
): Manifest {
  const parentRefs = typeof parent === "string" ? [{ name: parent }] : parent;
  const spec = { parentRefs, rules, ...(hostnames.length > 0 && { hostnames }) };
  return { apiVersion: gatewayApi, kind: "HTTPRoute", metadata: metadata(name), spec };
}

/** A backendRef to port 8080 of a Service: `v1`, or `web/v1` for one of another namespace. */
export function to(name: string, more: Spec = {}): Spec {
  return { ...metadata(name), port: 8080, ...more };
}

export const prefix = (value: string): Spec => ({ path: { type: "PathPrefix", value } });
export const exact = (value: string): Spec => ({ path: { type: "Exact", value } });

/** A rule of one backend. */
export function rule(matches: readonly Spec[], backend: string, more: Spec = {}): Spec {
  return { matches, backendRefs: [to(backend)], ...more };
}

export function service(name: string, port: Spec = {}, more: Spec = {}): Manifest {
  const spec = { ports: [{ name: "http", port: 8080, ...port }], ...more };
  return { apiVersion: "v1", kind: "Service", metadata: metadata(name), spec };
}

/** An EndpointSlice of a Service with one endpoint, a port of 127.0.0.1. `suffix` tells several of a Service apart. */
export function endpoint(serviceName: string, port: number, suffix: string = "0"): Manifest {
  const { namespace, name } = metadata(serviceName);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      namespace,
      name: `${String(name)}-${suffix}`,
      labels: { "kubernetes.io/service-name": name },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port }],
    endpoints: [{ addresses: ["127.0.0.1"] }],
  };
}

/** Lets resources of `from` (kind, namespace) refer to those of `to` (kind, name) in the grant's namespace. */
export function grant(name: string, from: Spec, target: Spec): Manifest {
  const group = ["Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute"].includes(String(from["kind"]))
    ? "gateway.networking.k8s.io"
    : "";
  return {
    apiVersion: gatewayApi,
    kind: "ReferenceGrant",
    metadata: metadata(name),
    spec: { from: [{ group, ...from }], to: [{ group: "", ...target }] },
  };
}

export function namespace(name: string, labels: Record<string, string>): Manifest {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

export function tlsSecret(name: string, { cert, key }: { cert: string; key: string }): Manifest {
  const data = {
    "tls.crt": Buffer.from(cert).toString("base64"),
    "tls.key": Buffer.from(key).toString("base64"),
  };
  return { apiVersion: "v1", kind: "Secret", metadata: metadata(name), type: "kubernetes.io/tls", data };
}
