import type { ClusterProtocol, ClusterTls, EndpointSpec, HealthCheckSpec } from "@heddle/engine/model";
import type { Transport } from "./app-protocol.ts";
import type { UpstreamSettings } from "./upstream-settings.ts";

/** What a cluster is made of, but for its name. */
export interface ClusterPlan {
  readonly protocol: ClusterProtocol;
  readonly endpoints: readonly EndpointSpec[];
  readonly tls: ClusterTls | null;
  /** Null where requests go there; else connections or datagrams are passed on as they are. */
  readonly transport: Transport | null;
  readonly upstream: UpstreamSettings;
  readonly proxyProtocol?: "v1" | "v2";
  readonly healthCheck?: HealthCheckSpec;
}
