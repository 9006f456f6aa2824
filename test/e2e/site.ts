/** What most sites of these tests are made of, as YAML documents that are joined, and a server behind them. */
import { once } from "node:events";
import http from "node:http";
import { listenOnFreePort } from "@heddle/testkit";

/** A Gateway `edge` with one listener in clear text, and an HTTPRoute `web` from all of it to a Service `web`. */
export const siteOfService = (listener: number, ...backends: readonly number[]): string =>
  gateway(listener) + route("{ name: web, port: 80 }") + service("web", ...backends);

/** The same to a Backend `web`. */
export const siteOfBackend = (listener: number, backend: number): string => `${
  gateway(listener) + route("{ group: heddle.dev, kind: Backend, name: web }")
}---
apiVersion: heddle.dev/v1alpha1
kind: Backend
metadata: { name: web }
spec: { url: "http://127.0.0.1:${backend}" }
`;

export const gateway = (port: number): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: heddle, listeners: [{ name: http, protocol: HTTP, port: ${port} }] }
`;

const route = (backendRef: string): string => `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [${backendRef}] }]
`;

/** A Service, with an EndpointSlice for each of these ports of this machine. */
export const service = (name: string, ...ports: readonly number[]): string => `---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ port: 80 }] }
${ports.map((port, at) => endpointSlice(name, port, at)).join("")}`;

const endpointSlice = (name: string, port: number, at: number): string => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-${at}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ port: ${port} }]
endpoints: [{ addresses: [127.0.0.1] }]
`;

export interface AnsweringServer extends AsyncDisposable {
  readonly port: number;
  /** Method and path of what it was asked, in turn. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** A server whose answers are the test's own. A request that breaks off ends its answer quietly. */
export async function openServer(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void | Promise<void>,
): Promise<AnsweringServer> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    Promise.resolve(answer(request, response)).catch(() => response.destroy());
  });
  const port = await listenOnFreePort(server);
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { port, asked, close, [Symbol.asyncDispose]: close };
}
