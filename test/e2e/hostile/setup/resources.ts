/** Configuration for hostile tests, as YAML documents that are joined. */

export interface ListenerText {
  port: number;
  /** Default `edge`. */
  gateway?: string;
  hostname?: string;
  /** Name of a Secret: makes it an HTTPS listener. */
  certificate?: string;
}

/**
 * A Gateway of its own with one listener. No load is shed: these tests drive a machine that may be busy with others, and
 * count each answer (what is shed, and when, is test/e2e/overload).
 */
export function gateway({ port, gateway: name = "edge", hostname, certificate }: ListenerText): string {
  const tls = certificate === undefined ? "" : `, tls: { certificateRefs: [{ name: ${certificate} }] }`;
  const host = hostname === undefined ? "" : `, hostname: "${hostname}"`;
  const protocol = certificate === undefined ? "HTTP" : "HTTPS";
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name} }
spec:
  gatewayClassName: heddle
  infrastructure: { parametersRef: { group: heddle.dev, kind: GatewaySettings, name: ${name} } }
  listeners: [{ name: main, protocol: ${protocol}, port: ${port}${host}${tls} }]
---
apiVersion: heddle.dev/v1alpha1
kind: GatewaySettings
metadata: { name: ${name} }
spec: { overload: { targetDelay: 0s } }
`;
}

export function backend(name: string, port: number): string {
  return `---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec: { url: "http://127.0.0.1:${port}" }
`;
}

export interface RouteText {
  name: string;
  /** Left out where a filter answers. */
  backend?: string;
  gateway?: string;
  hostnames?: readonly string[];
  /** Matches of the rule, each in YAML's flow style. Default: the prefix of the whole site. */
  matches?: readonly string[];
  /** Filters of the rule, each in YAML's flow style. */
  filters?: readonly string[];
  /** More members of the rule, each in YAML's flow style. */
  more?: readonly string[];
}

/** An HTTPRoute of one rule. */
export function route(text: RouteText): string {
  const matches = text.matches ?? ['{ path: { type: PathPrefix, value: "/" } }'];
  const members = [
    `matches: [${matches.join(", ")}]`,
    `filters: [${(text.filters ?? []).join(", ")}]`,
    ...(text.backend === undefined
      ? []
      : [`backendRefs: [{ group: heddle.dev, kind: Backend, name: ${text.backend} }]`]),
    ...(text.more ?? []),
  ];
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${text.name} }
spec:
  parentRefs: [{ name: ${text.gateway ?? "edge"} }]
  hostnames: ${JSON.stringify(text.hostnames ?? [])}
  rules:
    - ${members.join("\n      ")}
`;
}

/** A Secret with a certificate, as Gateways refer to it. */
export function certificate(name: string, { cert, key }: { cert: string; key: string }): string {
  return `---
apiVersion: v1
kind: Secret
metadata: { name: ${name} }
type: kubernetes.io/tls
stringData: ${JSON.stringify({ "tls.crt": cert, "tls.key": key })}
`;
}

/** A Gateway on `port` with one route that takes everything to a backend on `upstreamPort`. */
export function plainSite(port: number, upstreamPort: number): string {
  return gateway({ port }) + backend("up", upstreamPort) + route({ name: "all", backend: "up" });
}
