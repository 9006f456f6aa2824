import type { Static } from "typebox";
import { conditions } from "../gateway-api/condition.ts";
import { portNumber } from "../gateway-api/names.ts";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, flag, integer, list, number, optional, set, struct, text } from "../schema/build.ts";
import { everyItem, rule } from "../schema/rule.ts";
import { addressRangeMessage, isAddressRange } from "./address-range.ts";
import { heddleGroup } from "./backend.ts";
import { boundedTime } from "./bounded-time.ts";

const count = (minimum: number, maximum: number) => optional(integer({ minimum, maximum, format: "int64" }));
const share = () => optional(number({ minimum: 0, maximum: 1 }));

const time = (min: string, max: string) => optional(boundedTime(min, max));

const mebibyte = 1_048_576;

/** The largest window of HTTP/2 (RFC 9113 section 6.9.1). */
const maxWindow = 2_147_483_647;

const http2ListenerSchema = struct({
  maxStreams: count(1, 65_536),
  streamWindowBytes: count(16_384, maxWindow),
  connectionWindowBytes: count(65_535, maxWindow),
  maxResetsPerSecond: count(1, 1_000_000),
  maxControlFramesPerSecond: count(1, 1_000_000),
  maxContinuations: count(1, 1_000),
  stalledWindow: time("100ms", "1h"),
  pingInterval: time("0s", "24h"),
  pingTimeout: time("100ms", "5m"),
  maxConnectionAge: time("0s", "24h"),
});

const http2UpstreamSchema = struct({
  maxStreams: count(1, 65_536),
  streamWindowBytes: count(16_384, maxWindow),
  connectionWindowBytes: count(65_535, maxWindow),
  pingInterval: time("0s", "24h"),
  pingTimeout: time("100ms", "5m"),
  maxConnectionAge: time("0s", "24h"),
});

/** Maxima are sane rather than safe: who raises a limit that far knows what memory it may cost. */
const limitsSchema = struct({
  maxHeadBytes: count(256, mebibyte),
  maxFields: count(1, 10_000),
  maxTargetBytes: count(64, mebibyte),
  headTimeout: time("100ms", "1h"),
  requestTimeout: time("100ms", "24h"),
  minBodyBytesPerSecond: count(0, 1_000_000_000),
  bodyRateGrace: time("100ms", "1h"),
  keepAliveIdle: time("100ms", "24h"),
  streamIdle: time("100ms", "24h"),
  tcpIdle: time("100ms", "168h"),
  udpIdle: time("100ms", "1h"),
  maxUdpSessions: count(1, 1_000_000),
  tlsHandshakeTimeout: time("100ms", "5m"),
  maxTlsHandshakes: count(1, 1_000_000),
  proxyHeaderTimeout: time("100ms", "5m"),
  maxConnections: count(1, 10_000_000),
  maxBodyBytes: count(0, 1_099_511_627_776),
  highWaterBytes: count(4_096, 16 * mebibyte),
  maxRequestsPerConnection: count(0, 1_000_000_000),
  maxConnectionAge: time("0s", "24h"),
  http2: optional(http2ListenerSchema),
});

/** Addresses and ranges of proxies; `name` is the rule's. */
const ranges = (name: string) =>
  optional(
    list(text({ maxLength: 49 }), {
      maxItems: 256,
      rules: [everyItem<string>(name, addressRangeMessage, isAddressRange)],
    }),
  );

const forwardedSchema = struct({
  xForwarded: optional(flag()),
  forwarded: optional(flag()),
  via: optional(
    text({
      maxLength: 255,
      // RFC 9110 section 7.6.3: a pseudonym, or a host with or without a port.
      pattern: "^([-!#$%&'*+.^_`|~0-9A-Za-z]+(:[0-9]+)?)?$",
      description: 'a name such as heddle or edge.example:8080, or "" for no Via',
    }),
  ),
  trustedHops: ranges("trusted-hop-valid"),
});

const proxyProtocolSchema = struct({
  /** Who must begin connections with a header, and is believed. */
  trustedSources: ranges("trusted-source-valid"),
  others: optional(choice(["refuse", "plain"])),
  /** Of listeners; all by default. */
  ports: optional(set(portNumber, { maxItems: 64 })),
});

const overloadSchema = struct({
  /** 0s: load is not shed for delay. */
  targetDelay: time("0s", "10s"),
  /** "": nobody may say how important a request is. */
  priorityHeader: optional(
    text({
      maxLength: 64,
      pattern: "^[-!#$%&'*+.^_`|~0-9A-Za-z]*$",
      description: "the name of a header such as x-request-priority",
      rules: [
        rule<string>(
          "priority-header-free",
          "must be a header that has no other meaning, such as x-request-priority",
          (name) => !TAKEN.test(name),
        ),
      ],
    }),
  ),
  /** Who is believed. */
  trustedSources: ranges("priority-source-valid"),
});

/** What others read, and must not be taken away. */
const TAKEN =
  /^(host|connection|content-.*|transfer-encoding|upgrade|te|trailer|keep-alive|expect|authorization|cookie|forwarded|x-forwarded-.*|via)$/i;

const upgrades = optional(
  set(
    text({
      maxLength: 64,
      pattern: "^[-!#$%&'*+.^_`|~0-9a-z]+(/[-!#$%&'*+.^_`|~0-9a-z]+)?$",
      description: "a protocol name in lower case, such as websocket",
    }),
    {
      maxItems: 16,
      rules: [
        everyItem<string>(
          "no-h2c",
          "h2c is never forwarded, since requests in it would pass no filter; remove it",
          (name) => name !== "h2c",
        ),
      ],
    },
  ),
);

const upstreamSchema = struct({
  connectTimeout: time("10ms", "5m"),
  idleTimeout: time("100ms", "24h"),
  maxConnectionsPerEndpoint: count(1, 1_000_000),
  maxHeadBytes: count(256, mebibyte),
  maxFields: count(1, 10_000),
  balancing: optional(choice(["peak-ewma", "least-request", "round-robin", "random"])),
  retryBudget: optional(struct({ ratio: share(), minPerSecond: count(0, 1_000_000) })),
  ejection: optional(
    struct({ afterFaults: count(0, 1_000_000), time: time("100ms", "1h"), maxShare: share() }),
  ),
  highWaterBytes: count(4_096, 16 * mebibyte),
  http2: optional(http2UpstreamSchema),
});

const gatewaySettingsSpecSchema = struct({
  limits: optional(limitsSchema),
  forwarded: optional(forwardedSchema),
  proxyProtocol: optional(proxyProtocolSchema),
  overload: optional(overloadSchema),
  upgrades,
  escapedSlashes: optional(choice(["refuse", "keep"])),
  upstream: optional(upstreamSchema),
});
/** What is not given is taken from the class's settings, then from Heddle's defaults. */
export type GatewaySettingsSpec = Static<typeof gatewaySettingsSpecSchema>;

export const gatewaySettingsKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "GatewaySettings",
  plural: "gatewaysettings",
  // The kind's name is a plural already.
  singular: "gatewaysetting",
  namespaced: true,
  isStrict: true,
  fields: {
    spec: gatewaySettingsSpecSchema,
    status: optional(struct({ conditions: optional(conditions) })),
  },
});
/** Limits and habits of Gateways: named by `parametersRef` of a GatewayClass or of a Gateway's infrastructure. */
export type GatewaySettings = ResourceOf<typeof gatewaySettingsKind>;
