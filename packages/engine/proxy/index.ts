/**
 * The life of one exchange: routing, filters, attempts, retries, bodies with backpressure, and the rescue table.
 * Takes exchanges from a listener or from a caller in this process; knows no socket.
 */
export type { ExchangeObserver, FlowContext } from "./flow-context.ts";
export { ForwardedHeaders } from "./forwarded-headers.ts";
export { PriorityHeader } from "./priority-header.ts";
export { Proxy } from "./proxy.ts";
export type { RequestRouter, UnroutedRules, Site, Tracer } from "./proxy.ts";
export { StreamRelay } from "./stream-relay.ts";
export type { StreamRule } from "./stream-relay.ts";
export { repeatRequest } from "./repeat-request.ts";
export { GuardedCopy } from "./guarded-copy.ts";
export { ClusterCall } from "./side-call.ts";
export { rescue } from "./rescue.ts";
export { NO_RULE } from "./rule.ts";
export type { Rule, RuleBackend } from "./rule.ts";
export type { HeldRequest, Shedder } from "./shedder.ts";
export { UdpFlow } from "./udp-flow.ts";
