import { copyFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { heddleResources, toYaml } from "../rig/index.ts";

export interface OverloadSetup {
  folder: string;
  port: number;
  upstreamPort: number;
  /** that each request keeps the worker busy for */
  workMicros: number;
  /** spec.overload.targetDelay */
  target: string;
}

/**
 * Writes the rig's resources, with a filter whose work costs Heddle more than a request costs the load, and a target for
 * its loop. Gives the file.
 */
export function writeOverloadConfig({
  folder,
  port,
  upstreamPort,
  workMicros,
  target,
}: OverloadSetup): string {
  // The filter's module stays in its project, and imports what this repository has.
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  copyFileSync(join(import.meta.dirname, "work.ts"), join(folder, "work.ts"));
  symlinkSync(resolve(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  const base = heddleResources({ port, upstreamPort, carries: "http1", tls: undefined, routes: 1 });
  const resources = base.map((resource) => {
    const { kind, spec } = resource as { kind: string; spec: Record<string, unknown> };
    if (kind !== "Gateway") return resource;
    const parametersRef = { group: "heddle.dev", kind: "GatewaySettings", name: "bench" };
    return { ...resource, spec: { ...spec, infrastructure: { parametersRef } } };
  });
  const settings = heddleDev("GatewaySettings", {
    // The upstream is never what is full.
    overload: { targetDelay: target },
    upstream: { maxConnectionsPerEndpoint: 7000 },
    // A connection without a request is closed after it: none is to be, as the load picks it.
    limits: { headTimeout: "1m" },
  });
  const filter = heddleDev("Filter", { module: "./work.ts", config: { micros: workMicros } });
  const policy = heddleDev("FilterPolicy", {
    targetRefs: [{ kind: "Gateway", name: "bench" }],
    filters: [{ name: "bench" }],
  });
  const file = join(folder, "overload.yaml");
  writeFileSync(file, toYaml([...resources, settings, ...(workMicros === 0 ? [] : [filter, policy])]));
  return file;
}

const heddleDev = (kind: string, spec: object): object => ({
  apiVersion: "heddle.dev/v1alpha1",
  kind,
  metadata: { name: "bench", namespace: "default" },
  spec,
});
