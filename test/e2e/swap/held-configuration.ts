export interface Surroundings {
  readonly port: number;
  /** Of the Gateway listener that comes and goes. */
  readonly extraPort: number;
  readonly backendPort: number;
}

/** Kinds of changes, in their turn. */
export const KINDS = ["address", "backend", "settings", "listener", "header"] as const;

/**
 * The configuration after so many changes, from 0 on. Change n is of kind n modulo five; `header` changes a header of the
 * rules that the WebSockets came by. A route of its own says which generation is in force.
 */
export function heldConfiguration(generation: number, at: Surroundings): string {
  /** How many changes of a kind there were by then. */
  const times = (kind: (typeof KINDS)[number]): number =>
    Math.floor((generation + KINDS.length - 1 - KINDS.indexOf(kind)) / KINDS.length);
  const address = times("address") % 2 === 0 ? "127.0.0.1" : "127.0.0.2";
  return [
    edge(at, times("settings"), times("listener") % 2 === 1),
    backends(address, at.backendPort, times("backend") % 2 === 0),
    sockets(times("backend"), times("header")),
    generationRoute(generation),
  ].join("");
}

function edge({ port, extraPort }: Surroundings, settings: number, hasExtra: boolean): string {
  const extra = hasExtra ? `, { name: extra, protocol: HTTP, port: ${extraPort} }` : "";
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: heddle
  infrastructure: { parametersRef: { group: heddle.dev, kind: GatewaySettings, name: edge } }
  listeners: [{ name: main, protocol: HTTP, port: ${port} }${extra}]
---
apiVersion: heddle.dev/v1alpha1
kind: GatewaySettings
metadata: { name: edge }
spec:
  # Ten thousand handshakes at once are load on a slow machine, and not what is looked at here.
  overload: { targetDelay: 0s }
  limits: { keepAliveIdle: ${60 + settings}s }
  upstream: { maxConnectionsPerEndpoint: 20000, connectTimeout: 30s, idleTimeout: ${50 + settings}s }
`;
}

/** `echo` is out while it is on no rule. */
function backends(address: string, port: number, hasEcho: boolean): string {
  const one = (name: string, host: string): string => `---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec: { url: "http://${host}:${port}" }
`;
  return one("plain", "127.0.0.1") + (hasEcho ? one("echo", address) : "");
}

/** Two rules, of which each second time the first, then the second has the backend; between the two none has. */
function sockets(backendChanges: number, header: number): string {
  const holder = backendChanges % 4 === 0 ? "first" : backendChanges % 4 === 2 ? "second" : "";
  const rule = (name: string): string => `    - name: ${name}
      matches: [{ path: { type: PathPrefix, value: /${name} } }]
      filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-header, value: "${header}" }] } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: ${holder === name ? "echo" : "plain"} }]
`;
  return httpRoute("sockets", rule("first") + rule("second"));
}

function generationRoute(generation: number): string {
  return httpRoute(
    "generation",
    `    - matches: [{ path: { type: PathPrefix, value: /generation } }]
      filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-generation, value: "${generation}" }] } }]
      backendRefs: [{ group: heddle.dev, kind: Backend, name: plain }]
`,
  );
}

const httpRoute = (name: string, rules: string): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  rules:
${rules}`;
