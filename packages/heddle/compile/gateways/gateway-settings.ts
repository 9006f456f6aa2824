import {
  DEFAULT_CLUSTER_SETTINGS,
  DEFAULT_LISTENER_SETTINGS,
  type Http2ClusterSettings,
  type ListenerSettings,
  type OverloadSettings,
} from "@heddle/engine/model";
import { parseDurationMs, type GatewaySettingsSpec } from "../../resources/index.ts";
import type { PolicyPlace } from "../policies/policy-source.ts";
import type { UpstreamSettings } from "../backends/upstream-settings.ts";
import type { CompileOptions } from "../io/compile-io.ts";
import type { FactReader } from "../pass/facts.ts";

/** A GatewaySettings that a reference leads to. */
export interface SettingsSource {
  /** "namespace/name" */
  readonly name: string;
  readonly spec: GatewaySettingsSpec;
}

/** The settings in force for a Gateway. */
export interface GatewaySettingsPlan {
  readonly listener: ListenerSettings;
  /** "" for the defaults, else the names of the sources, the client certificate and the policies: the same as long as those are, whatever they say. */
  readonly upstreamId: string;
  readonly upstream: UpstreamSettings;
}

/** What policies of a Gateway hold for its clusters. */
interface GatewayPolicies {
  readonly place: PolicyPlace;
  readonly names: readonly string[];
}

/** The settings of a Gateway: its own win field by field over its class's, those over the defaults. */
export function planSettings(
  ofClass: SettingsSource | null,
  ofGateway: SettingsSource | null,
  clientCertificate: string | null,
  policies: GatewayPolicies,
  options: CompileOptions,
): GatewaySettingsPlan {
  const sources = [ofClass, ofGateway].filter((one) => one !== null);
  const spec = sources.reduce<GatewaySettingsSpec>((low, { spec: high }) => mergeSettings(low, high), {});
  const listener = options.listenerSettings ?? DEFAULT_LISTENER_SETTINGS;
  const { upstream: _, ...ofListener } = spec;
  return {
    // The very same object where nothing is set, so that most listeners share it.
    listener: Object.keys(ofListener).length === 0 ? listener : listenerSettings(spec, listener),
    upstreamId: [
      ...sources.flatMap(({ name, spec: own }) => (own.upstream === undefined ? [] : [name])),
      ...(clientCertificate === null ? [] : [`secret/${clientCertificate}`]),
      ...policies.names,
    ].join("+"),
    upstream: {
      ...upstreamSettings(spec, defaultUpstream(options)),
      ...(clientCertificate !== null && { clientCertificate }),
      ...(policies.names.length > 0 && { place: policies.place }),
    },
  };
}

function defaultUpstream(options: CompileOptions): UpstreamSettings {
  return {
    balancing: { algorithm: "peak-ewma" },
    settings: options.clusterSettings ?? DEFAULT_CLUSTER_SETTINGS,
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of both, those of `high` where both have one. Lists are taken whole. */
function mergeSettings(low: GatewaySettingsSpec, high: GatewaySettingsSpec): GatewaySettingsSpec {
  return mergeFields(low as Fields, high as Fields) as GatewaySettingsSpec;
}

function mergeFields(low: Fields, high: Fields): Fields {
  const merged: Record<string, unknown> = { ...low };
  for (const [name, value] of Object.entries(high)) {
    const below = merged[name];
    merged[name] = isFields(value) && isFields(below) ? mergeFields(below, value) : value;
  }
  return merged;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `base` with what the spec sets. The order of fields is that of `base`, so that equal settings hash equal. */
export function listenerSettings(spec: GatewaySettingsSpec, base: ListenerSettings): ListenerSettings {
  const {
    headTimeout,
    requestTimeout,
    bodyRateGrace,
    keepAliveIdle,
    streamIdle,
    tcpIdle,
    udpIdle,
    tlsHandshakeTimeout,
    proxyHeaderTimeout,
    maxConnectionAge,
    http2,
    ...same
  } = spec.limits ?? {};
  const { stalledWindow, ...ofConnection } = http2 ?? {};
  return {
    ...base,
    ...same,
    headTimeoutMs: msOr(headTimeout, base.headTimeoutMs),
    requestTimeoutMs: msOr(requestTimeout, base.requestTimeoutMs),
    bodyRateGraceMs: msOr(bodyRateGrace, base.bodyRateGraceMs),
    keepAliveIdleMs: msOr(keepAliveIdle, base.keepAliveIdleMs),
    streamIdleMs: msOr(streamIdle, base.streamIdleMs),
    tcpIdleMs: msOr(tcpIdle, base.tcpIdleMs),
    udpIdleMs: msOr(udpIdle, base.udpIdleMs),
    tlsHandshakeMs: msOr(tlsHandshakeTimeout, base.tlsHandshakeMs),
    proxyHeaderTimeoutMs: msOr(proxyHeaderTimeout, base.proxyHeaderTimeoutMs),
    maxConnectionAgeMs: msOr(maxConnectionAge, base.maxConnectionAgeMs),
    upgrades: spec.upgrades ?? base.upgrades,
    escapedSlashes: spec.escapedSlashes ?? base.escapedSlashes,
    forwarded: { ...base.forwarded, ...spec.forwarded },
    proxyProtocol: { ...base.proxyProtocol, ...spec.proxyProtocol },
    overload: overloadSettings(spec.overload, base.overload),
    http2: {
      ...http2Settings(ofConnection, base.http2),
      stalledWindowMs: msOr(stalledWindow, base.http2.stalledWindowMs),
    },
  };
}

function overloadSettings(
  { targetDelay, priorityHeader, ...same }: NonNullable<GatewaySettingsSpec["overload"]> = {},
  base: OverloadSettings,
): OverloadSettings {
  return {
    ...base,
    ...same,
    targetDelayMs: msOr(targetDelay, base.targetDelayMs),
    priorityHeader: priorityHeader?.toLowerCase() ?? base.priorityHeader,
  };
}

interface Http2Spec {
  readonly pingInterval?: string;
  readonly pingTimeout?: string;
  readonly maxConnectionAge?: string;
}

/** What both ends have. */
function http2Settings<T extends Http2ClusterSettings>(spec: Http2Spec, base: T): T {
  const { pingInterval, pingTimeout, maxConnectionAge, ...same } = spec;
  return {
    ...base,
    ...same,
    pingIntervalMs: msOr(pingInterval, base.pingIntervalMs),
    pingTimeoutMs: msOr(pingTimeout, base.pingTimeoutMs),
    maxConnectionAgeMs: msOr(maxConnectionAge, base.maxConnectionAgeMs),
  };
}

export function upstreamSettings(
  { upstream = {} }: GatewaySettingsSpec,
  base: UpstreamSettings,
): UpstreamSettings {
  const {
    connectTimeout,
    idleTimeout,
    balancing,
    retryBudget = {},
    ejection = {},
    http2,
    ...same
  } = upstream;
  const { settings } = base;
  return {
    balancing: balancing === undefined ? base.balancing : { algorithm: balancing },
    settings: {
      ...settings,
      ...same,
      connectTimeoutMs: msOr(connectTimeout, settings.connectTimeoutMs),
      idleTimeoutMs: msOr(idleTimeout, settings.idleTimeoutMs),
      retryBudgetRatio: retryBudget.ratio ?? settings.retryBudgetRatio,
      retryBudgetMinPerSecond: retryBudget.minPerSecond ?? settings.retryBudgetMinPerSecond,
      ejectAfterFaults: ejection.afterFaults ?? settings.ejectAfterFaults,
      ejectMs: msOr(ejection.time, settings.ejectMs),
      maxEjectedShare: ejection.maxShare ?? settings.maxEjectedShare,
      http2: http2Settings(http2 ?? {}, settings.http2),
    },
  };
}

function msOr(duration: string | undefined, base: number): number {
  return duration === undefined ? base : (parseDurationMs(duration) ?? base);
}

/** The fact under which clusters find upstream settings. */
export const upstreamFact = (id: string) => `~upstream/${id}`;

/** The name of a cluster under upstream settings: "service/shop/orders/80", or with "@shop/settings" after it. */
export function clusterUnder(cluster: string, upstreamId: string): string {
  return upstreamId === "" ? cluster : `${cluster}@${upstreamId}`;
}

/** Takes such a name apart, and reads the settings. */
export function readClusterName(name: string, facts: FactReader, options: CompileOptions) {
  const at = name.indexOf("@");
  if (at === -1) return { target: name, upstream: defaultUpstream(options) };
  const upstream = facts.read(upstreamFact(name.slice(at + 1))) as UpstreamSettings | undefined;
  return { target: name.slice(0, at), upstream: upstream ?? defaultUpstream(options) };
}
