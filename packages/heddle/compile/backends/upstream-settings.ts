import type { ClusterSettings, ClusterUnit } from "@heddle/engine/model";
import type { PolicyPlace } from "../policies/policy-source.ts";

/** How clusters are reached: what `spec.upstream` sets. */
export interface UpstreamSettings {
  readonly balancing: ClusterUnit["balancing"];
  readonly settings: ClusterSettings;
  /** Name of the secret unit that TLS backends are shown. */
  readonly clientCertificate?: string;
  /** A Gateway whose policies hold for clusters. Default: there is none. */
  readonly place?: PolicyPlace;
}
