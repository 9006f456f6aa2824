/**
 * The rig under every bench: it starts an upstream, proxies and a load generator as processes of their own on cores
 * of their own, reads CPU time and memory out of /proc, and leaves nothing behind. The benches beside it (compare/,
 * memory/, swap/) say what is measured; the rig is how.
 */
export { ask, waitUntilServing } from "./ask.ts";
export { readResidentBytes } from "./cpu.ts";
export { grpcPath, grpcResponse } from "./grpc.ts";
export { makeGuard, type Guard, type GuardName } from "./guard.ts";
export type { Load } from "./load.ts";
export { runLoad } from "./run-load.ts";
export { assignCores, describeMachine, pinSelf, readMachine, type Cores, type Machine } from "./machine.ts";
export { measureWindow, warmUp, type Window } from "./measure.ts";
export { freePort } from "./ports.ts";
export { cleanUpOnExit, makeTemporaryFolder, startProcess, type Running } from "./processes.ts";
export { caddy } from "./proxies/caddy.ts";
export { haproxy, haproxySplicing } from "./proxies/haproxy.ts";
export { heddleResources, httpRoute, toJson, toYaml } from "./proxies/heddle-resources.ts";
export { makeHeddle } from "./proxies/heddle.ts";
export { nginx } from "./proxies/nginx.ts";
export { isH2Downstream, isH2Upstream, routePrefix, type Carried, type Proxy } from "./proxies/proxy.ts";
export { startBareHeddle } from "./start-bare.ts";
export { startProxy, type Serving, type StartOptions } from "./start.ts";
export { median, percentile, ratio, smallest } from "./statistics.ts";
export { installTools, makeCertificate, requireTool, type Tool } from "./tools.ts";
export { bulkBytes, largeBytes, smallJson, startUpstream, type Upstream } from "./upstream.ts";
