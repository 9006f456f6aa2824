import { readFileSync } from "node:fs";
import { isH2Upstream, routePrefix, type Carried, type Setup } from "./proxy.ts";

/** Resources for Heddle in Gateway API form, as one list of plain objects: a YAML reader takes JSON documents as well. */
export function heddleResources(setup: Omit<Setup, "folder">): object[] {
  const { port, upstreamPort, carries, tls, routes } = setup;
  const protocol = carries === "tcp" ? "TCP" : tls ? "HTTPS" : "HTTP";
  const appProtocol = isH2Upstream(carries) ? { appProtocol: "kubernetes.io/h2c" } : {};
  const common = [gatewayClass(), gateway(port, protocol), service(appProtocol), endpoints(upstreamPort)];
  const secrets = tls ? [secret(tls)] : [];
  if (carries === "tcp" || carries === "grpc") return [...common, ...secrets, catchAllRoute(carries)];
  if (routes === 1) return [...common, ...secrets, httpRoute("all", "/")];
  const list = Array.from({ length: routes }, (_, i) => httpRoute(routePrefix(i).slice(1), routePrefix(i)));
  return [...common, ...secrets, ...list];
}

/** One YAML file of many documents, in block style, as a person or a tool would write it. */
export function toYaml(resources: readonly object[]): string {
  return resources.map((resource) => `---\n${block(resource, "")}`).join("");
}

/** A v1 List, the form in which a JSON file carries many resources. */
export function toJson(resources: readonly object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: resources });
}

/** One HTTPRoute of one rule that sends a path prefix to the one Service. */
export function httpRoute(name: string, prefix: string): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace: "default" },
    spec: {
      parentRefs: [{ name: "bench" }],
      hostnames: ["localhost"],
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: prefix } }],
          backendRefs: [{ name: "upstream", port: 80 }],
        },
      ],
    },
  };
}

/** All that watches over the endpoints of the one Service: what it costs is what the case `resilience` is about. */
export const resiliencePolicy = {
  apiVersion: "heddle.dev/v1alpha1",
  kind: "TrafficPolicy",
  metadata: { name: "resilience", namespace: "default" },
  spec: {
    targetRefs: [{ kind: "Service", name: "upstream" }],
    healthCheck: { http: { path: "/" }, interval: "1s" },
    outlier: { consecutiveGatewayFaults: 5, consecutiveLocalOriginFaults: 5 },
    retryBudget: { percent: 20, minPerSecond: 10 },
    circuitBreaker: { maxConnections: 1024, maxRequests: 1024 },
  },
};

/** The one TCPRoute or GRPCRoute of a listener, which takes whatever comes. */
function catchAllRoute(carries: Carried & ("tcp" | "grpc")): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: carries === "tcp" ? "TCPRoute" : "GRPCRoute",
    metadata: { name: "all", namespace: "default" },
    spec: {
      parentRefs: [{ name: "bench" }],
      rules: [{ backendRefs: [{ name: "upstream", port: 80 }] }],
    },
  };
}

function gatewayClass(): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: "heddle" },
    spec: { controllerName: "heddle.dev/gateway-controller" },
  };
}

function gateway(port: number, protocol: "HTTP" | "HTTPS" | "TCP"): object {
  const tls = { mode: "Terminate", certificateRefs: [{ name: "site" }] };
  const hostname = protocol === "TCP" ? {} : { hostname: "localhost" };
  const listener = { name: "main", port, ...hostname, protocol };
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "bench", namespace: "default" },
    spec: {
      gatewayClassName: "heddle",
      addresses: [{ type: "IPAddress", value: "127.0.0.1" }],
      listeners: [protocol === "HTTPS" ? { ...listener, tls } : listener],
    },
  };
}

function service(appProtocol: { appProtocol?: string }): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "upstream", namespace: "default" },
    spec: { ports: [{ name: "http", port: 80, protocol: "TCP", ...appProtocol }] },
  };
}

function endpoints(upstreamPort: number): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "upstream-1",
      namespace: "default",
      labels: { "kubernetes.io/service-name": "upstream" },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port: upstreamPort, protocol: "TCP" }],
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
  };
}

function secret(tls: { certificateFile: string; keyFile: string }): object {
  const base64 = (file: string): string => readFileSync(file).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "site", namespace: "default" },
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(tls.certificateFile), "tls.key": base64(tls.keyFile) },
  };
}

/** Block style for maps and lists, JSON strings for scalars: all that resources need, and valid YAML. */
function block(value: object, indent: string): string {
  const entries: [string, unknown][] = Array.isArray(value)
    ? value.map((item) => ["- ", item])
    : Object.entries(value).map(([key, item]) => [
        `${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)}: `,
        item,
      ]);
  return entries.map(([lead, item]) => `${indent}${lead.trimEnd()}${nested(lead, item, indent)}`).join("");
}

function nested(lead: string, item: unknown, indent: string): string {
  if (typeof item !== "object" || item === null) return ` ${JSON.stringify(item)}\n`;
  const inner = block(item, `${indent}  `);
  // "- name: x": the first key of a list item stands beside the dash
  return lead === "- " ? ` ${inner.slice(indent.length + 2)}` : `\n${inner}`;
}
