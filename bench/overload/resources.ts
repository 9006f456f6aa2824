import { heddleResources, toYaml } from "../rig/index.ts";

/** The rig's resources, with a route whose requests cost Heddle more than they cost the load, and a target for its loop. */
export function overloadResources(
  port: number,
  upstreamPort: number,
  mirrors: number,
  target: string,
): string {
  const base = heddleResources({ port, upstreamPort, carries: "http1", tls: undefined, routes: 1 });
  const resources = base.map((resource) => {
    const { kind, spec } = resource as { kind: string; spec: Record<string, unknown> };
    if (kind === "Gateway") {
      const parametersRef = { group: "heddle.dev", kind: "GatewaySettings", name: "bench" };
      return { ...resource, spec: { ...spec, infrastructure: { parametersRef } } };
    }
    if (kind !== "HTTPRoute" || mirrors === 0) return resource;
    const mirror = { type: "RequestMirror", requestMirror: { backendRef: { name: "upstream", port: 80 } } };
    const [rule] = spec["rules"] as object[];
    const filters = Array.from({ length: mirrors }, () => mirror);
    return { ...resource, spec: { ...spec, rules: [{ ...rule, filters }] } };
  });
  const settings = {
    apiVersion: "heddle.dev/v1alpha1",
    kind: "GatewaySettings",
    metadata: { name: "bench", namespace: "default" },
    // The upstream is never what is full: copies of requests take connections too.
    spec: { overload: { targetDelay: target }, upstream: { maxConnectionsPerEndpoint: 7000 } },
  };
  return toYaml([...resources, settings]);
}
