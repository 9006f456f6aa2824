import type { ClusterProtocol, ClusterTls, EndpointSpec, HealthCheckSpec } from "@heddle/engine/model";
import type { UpstreamSettings } from "./gateway-settings.ts";

/** What a cluster is made of, but for its name. */
export interface ClusterPlan {
  readonly protocol: ClusterProtocol;
  readonly endpoints: readonly EndpointSpec[];
  readonly tls: ClusterTls | null;
  readonly upstream: UpstreamSettings;
  readonly healthCheck?: HealthCheckSpec;
}
