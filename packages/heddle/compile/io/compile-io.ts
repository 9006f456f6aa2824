import type { ChunkedList } from "@heddle/engine/base";
import type { ClusterSettings, ListenerSettings, Unit } from "@heddle/engine/model";
import type { Problem, Resource, ResourceKey, Service } from "../../resources/index.ts";
import type { AcmeRequest, AcmeStates } from "./acme-io.ts";
import type { CanaryPlan } from "./canary-io.ts";
import type { OwnFilterStates } from "./own-filter-io.ts";
import type { PolicySource } from "../policies/policy-source.ts";
import type { AddressPool } from "../gateways/address-pool.ts";
import type { CompileProblem } from "./compile-problem.ts";
import type { StatusTable } from "../pass/status-table.ts";

export const defaultControllerName = "heddle.dev/gateway-controller";

/** A resource that failed validation. */
export interface RejectedResource {
  readonly key: ResourceKey;
  readonly kind: string;
  readonly problems: readonly Problem[];
  /** As read; its parentRefs and generation are looked for, so that a status can be given. */
  readonly document?: unknown;
  /** What it was before it had errors: policies that fail closed stay in force by it. Default: it is not known. */
  readonly lastGood?: Resource;
}

/** An address and port that is Heddle's own, such as the API's. "::" and "0.0.0.0" stand for all of the machine's. */
export interface ControlAddress {
  readonly address: string;
  readonly port: number;
}

export interface CompileOptions {
  /** Gives each Gateway without an address one of its own; null (default): all share `defaultAddress`. */
  readonly addressPool?: AddressPool | null;
  /** Default "::" (dual-stack). */
  readonly defaultAddress?: string;
  /** Default `heddle.dev/gateway-controller`. */
  readonly controllerName?: string;
  /** Refused as endpoints. Default none. */
  readonly controlAddresses?: readonly ControlAddress[];
  /** Milliseconds since the epoch, for messages on the validity of certificates. */
  readonly nowMs: number;
  /** What is wrong with a regular expression, or null. Default: every pattern passes. */
  readonly checkRegex?: (pattern: string) => string | null;
  /** Why an address that a Gateway asks for cannot be bound here, or null. Default: every unicast address can. */
  readonly checkAddress?: (address: string) => string | null;
  /** Where the data plane is, for balancing; "" where it does not know. Default: nothing is said of it. */
  readonly zone?: string;
  readonly node?: string;
  /** Where caches keep what they have on disk. Default: nowhere. */
  readonly cacheFolder?: string;
  /** Default DEFAULT_LISTENER_SETTINGS. */
  readonly listenerSettings?: ListenerSettings;
  /** Default DEFAULT_CLUSTER_SETTINGS. */
  readonly clusterSettings?: ClusterSettings;
}

export interface CompileInput {
  /** Validated, with defaults. One that did not change is best the same object as before, in the same chunk: see `CompileMemo`. */
  readonly resources: readonly Resource[] | ChunkedList<Resource>;
  readonly rejected?: readonly RejectedResource[];
  readonly options: CompileOptions;
  /** Where certificates stand that were asked for. Default: none was. */
  readonly acme?: AcmeStates;
  /** Percent of the requests of each canary, by `CanaryPlan.id`. Default: each is at its first step. */
  readonly canaryWeights?: ReadonlyMap<string, number>;
  /** What became of the modules of Filters. Default: nobody has looked at any. */
  readonly ownFilters?: OwnFilterStates;
}

export interface HashedUnit {
  readonly unit: Unit;
  /** Of the unit's content: equal hash, equal unit. */
  readonly hash: string;
}

export interface CompileOutput {
  /** Each key once. Chunks are those of the last run where nothing in them changed. */
  readonly units: ChunkedList<HashedUnit>;
  readonly statuses: StatusTable;
  readonly problems: readonly CompileProblem[];
  /**
   * Where what policies say comes from, by what they act on: "route:UNIT/RULE", "route:UNIT/RULE/CLUSTER" of the requests of
   * a rule that go there, or "cluster:NAME".
   */
  readonly policies: ReadonlyMap<string, readonly PolicySource[]>;
  /** Certificates that listeners ask an ACME server for. */
  readonly certificates: readonly AcmeRequest[];
  /** What Heddle makes for Gateways, to be read with the other resources. The same objects while their content is the same. */
  readonly generated: readonly Service[];
  /** Rules whose traffic is to be shifted. */
  readonly canaries: readonly CanaryPlan[];
}
