import { hashText } from "@heddle/engine/base";
import type { BalancingAlgorithm, BalancingSpec, HashKeySpec, ZoneSpec } from "@heddle/engine/model";
import type { BalancingPolicy } from "../../resources/index.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import { durationMs } from "../routes/route-settings.ts";

const algorithms: Readonly<Record<BalancingPolicy["algorithm"], BalancingAlgorithm>> = {
  PeakEwma: "peak-ewma",
  LeastRequest: "least-request",
  RoundRobin: "round-robin",
  Random: "random",
  RingHash: "ring-hash",
  Maglev: "maglev",
};

/**
 * What a policy's `balancing` makes of a cluster's; fields in one order, so that equal ones hash equal. Its mistakes are the
 * schema's. Two may stand in `base`, where a Service asks for them: `zone` holds unless the policy speaks of zones too, and
 * `hash` with its algorithm in any case.
 */
export function compileBalancing(policy: BalancingPolicy, base: BalancingSpec): BalancingSpec {
  const { hash, ringHash, maglev, failover, subset, sticky } = policy;
  const keepsClients = base.hash !== undefined;
  // With keys there is none: it would move them.
  const slowStart = keepsClients ? undefined : policy.slowStart;
  const zone = policy.zone === undefined ? base.zone : zoneOf(policy.zone);
  return {
    algorithm: keepsClients ? base.algorithm : algorithms[policy.algorithm],
    ...(keepsClients ? { hash: base.hash } : hash !== undefined && { hash: hashOf(hash) }),
    ...(ringHash !== undefined && {
      ringHash: { minimumSize: ringHash.minimumSize, maximumSize: ringHash.maximumSize },
    }),
    ...(maglev !== undefined && { maglev }),
    ...(slowStart !== undefined && {
      slowStart: {
        windowMs: durationMs(slowStart.window),
        aggression: slowStart.aggression,
        minimumWeightPercent: slowStart.minimumWeightPercent,
      },
    }),
    ...(zone !== undefined && { zone }),
    ...(failover !== undefined && {
      failover: {
        overprovisioningPercent: failover.overprovisioningPercent,
        panicThresholdPercent: failover.panicThresholdPercent,
      },
    }),
    ...(subset !== undefined && { subset: subset.labels }),
    ...(sticky !== undefined && { sticky: sessionOf(sticky) }),
  };
}

function hashOf({
  on,
  name = "",
  cookie,
  maxLoadPercent,
}: NonNullable<BalancingPolicy["hash"]>): HashKeySpec {
  return {
    on: on.toLowerCase() as HashKeySpec["on"],
    name: on === "Header" ? name.toLowerCase() : name,
    ...(cookie !== undefined && { cookie: { ttlMs: durationMs(cookie.ttl), path: cookie.path } }),
    ...(maxLoadPercent !== undefined && { maxLoadPercent }),
  };
}

function zoneOf({ mode, spillover, sameNode }: NonNullable<BalancingPolicy["zone"]>): ZoneSpec | undefined {
  if (mode === "Off") return undefined;
  return {
    mode: mode === "Strict" ? "strict" : "prefer",
    spillover: spillover === "Outage" ? "outage" : "capacity",
    isNodeFirst: sameNode,
    ...nowhere,
  };
}

const nowhere = { zone: "", node: "" };

function sessionOf({ cookie: { name = "", ttl } }: NonNullable<BalancingPolicy["sticky"]>) {
  const absoluteTimeoutMs = durationMs(ttl);
  return {
    name,
    type: "Cookie",
    absoluteTimeoutMs,
    idleTimeoutMs: 0,
    isPermanent: ttl !== undefined,
  } as const;
}

/** A Service's `sessionAffinity`; undefined: it asks for none. Its time needs no keeping: the address stays the same. */
export function affinityOfService(
  sessionAffinity: string | undefined,
): Pick<BalancingSpec, "algorithm" | "hash"> | undefined {
  return sessionAffinity === "ClientIP"
    ? { algorithm: "maglev", hash: { on: "source", name: "" } }
    : undefined;
}

/** What a Service's `trafficDistribution` asks for (KEP-3015, KEP-4444); undefined: nothing that is known. */
export function zoneOfService(trafficDistribution: string | undefined): ZoneSpec | undefined {
  switch (trafficDistribution) {
    case "PreferClose":
    case "PreferSameZone":
      return { mode: "prefer", spillover: "outage", isNodeFirst: false, ...nowhere };
    case "PreferSameNode":
      return { mode: "prefer", spillover: "outage", isNodeFirst: true, ...nowhere };
    default:
      return undefined;
  }
}

/**
 * Balancing with what only a cluster by its name, and a data plane at its place, can say: the default name of its
 * session cookie, and the own zone and node. A preference for a place that is not known is no preference.
 */
export function settleBalancing(
  balancing: BalancingSpec,
  cluster: string,
  { zone: ownZone = "", node = "" }: Pick<CompileOptions, "zone" | "node">,
): BalancingSpec {
  const { zone, sticky, ...same } = balancing;
  const isNowhere = zone?.mode === "prefer" && ownZone === "" && (node === "" || !zone.isNodeFirst);
  return {
    ...same,
    ...(zone !== undefined && !isNowhere && { zone: { ...zone, zone: ownZone, node } }),
    ...(sticky !== undefined && {
      sticky: sticky.name === "" ? { ...sticky, name: cookieNameOf(cluster) } : sticky,
    }),
  };
}

/** One of its own for each cluster, so that sessions of two backends on one host do not overwrite each other. */
function cookieNameOf(cluster: string): string {
  return `heddle-session-${hashText(cluster).toString(16).padStart(8, "0")}`;
}
