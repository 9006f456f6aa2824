import type { Static } from "typebox";
import { conditions } from "../gateway-api/condition.ts";
import { parseDurationMs } from "../gateway-api/go-duration.ts";
import { objectName, portNumber, preciseHostname } from "../gateway-api/names.ts";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, flag, integer, list, mapOf, optional, struct, text, withDefault } from "../schema/build.ts";
import { isIpAddress } from "../schema/format.ts";
import { rule, type Rule, unique } from "../schema/rule.ts";
import { boundedTime } from "./bounded-time.ts";

export const heddleGroup = "heddle.dev";

const dnsName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/i;

/** Digits and dots that are no IPv4 address are a mistake, not a name. */
function isAddress(address: string): boolean {
  if (isIpAddress(address)) return true;
  return dnsName.test(address) && !/(^|\.)\d+$/.test(address);
}

const endpointSchema = struct({
  address: text({
    minLength: 1,
    maxLength: 253,
    description: "an IP address, or a host name such as api.example.com",
  }),
  port: portNumber,
  /** Share of traffic against the others'; 0: none, while requests in flight finish. */
  weight: withDefault(integer({ minimum: 0, maximum: 1_000_000 }), 1),
  /** 0 is used first, a higher number when lower ones do not suffice. */
  priority: withDefault(integer({ minimum: 0, maximum: 127 }), 0),
  zone: optional(text({ minLength: 1, maxLength: 253, description: "a zone such as eu-1a" })),
  /** What a TrafficPolicy's subsets are chosen by. */
  labels: optional(mapOf(text({ maxLength: 253 }), { maxProperties: 64 })),
});
export type BackendEndpoint = Static<typeof endpointSchema>;

const endpointAddressRule: Rule = {
  name: "endpoint-address-valid",
  message: "must be an IPv4 or IPv6 address (without brackets and zone) or a host name (without port)",
  offender(self) {
    const index = (self as BackendEndpoint[]).findIndex(({ address }) => !isAddress(address));
    return index === -1 ? undefined : `[${index}].address`;
  },
};

const endpoints = list(endpointSchema, {
  minItems: 1,
  maxItems: 1000,
  rules: [
    endpointAddressRule,
    unique<BackendEndpoint>(
      "endpoint-unique",
      "address and port must be unique; remove one",
      ({ address, port }) => `${address.toLowerCase()} ${port}`,
    ),
  ],
});

/** Only an origin: a path here would leave open whether it is added to the request's. */
const urlRule = rule<string>(
  "url-is-origin",
  "must be a URL such as http://127.0.0.1:3000 or https://api.example.com, without user, query and path; to change the path use a URLRewrite filter",
  (self) => {
    const url = URL.canParse(self) ? new URL(self) : undefined;
    return (
      url !== undefined &&
      (url.protocol === "http:" || url.protocol === "https:") &&
      // Compared as written, so that `http:host`, stray blanks and backslashes are not quietly mended.
      /^https?:\/\/[^/\\@?#\s]+\/?$/i.test(self) &&
      url.port !== "0"
    );
  },
);

const caCertificateRef = struct({
  group: withDefault(choice([""]), ""),
  kind: withDefault(choice(["ConfigMap", "Secret"]), "ConfigMap"),
  name: objectName,
});

interface TlsShape {
  caCertificateRefs?: unknown[];
  insecureSkipVerify: boolean;
}

const backendTlsSchema = struct(
  {
    /** The name to ask for (SNI) and to expect in the certificate; by default the endpoint's own. */
    hostname: optional(preciseHostname),
    /** Bundles in `ca.crt` of a ConfigMap or Secret; by default the system's. */
    caCertificateRefs: optional(list(caCertificateRef, { minItems: 1, maxItems: 8 })),
    insecureSkipVerify: withDefault(flag(), false),
  },
  {
    rules: [
      rule<TlsShape>(
        "verify-or-skip",
        "caCertificateRefs has no effect with insecureSkipVerify; remove one of them",
        (self) => !self.insecureSkipVerify || self.caCertificateRefs === undefined,
      ),
    ],
  },
);
export type BackendTLS = Static<typeof backendTlsSchema>;

interface Times {
  interval: string;
  timeout: string;
}

const healthCheckSchema = struct(
  {
    /** By grpc.health.v1.Health/Check; without a service, of the server as a whole. */
    grpc: struct({ service: withDefault(text({ maxLength: 1024 }), "") }),
    interval: withDefault(boundedTime("100ms", "1h"), "5s"),
    timeout: withDefault(boundedTime("10ms", "1m"), "1s"),
    unhealthyAfter: withDefault(integer({ minimum: 1, maximum: 100 }), 3),
    healthyAfter: withDefault(integer({ minimum: 1, maximum: 100 }), 2),
  },
  {
    rules: [
      rule<Times>(
        "timeout-within-interval",
        "timeout must not be longer than interval",
        ({ interval, timeout }) => (parseDurationMs(timeout) ?? 0) <= (parseDurationMs(interval) ?? 0),
      ),
    ],
  },
);
interface BackendShape {
  protocol: string;
  healthCheck?: unknown;
  url?: string;
  endpoints?: BackendEndpoint[];
  unix?: string;
  tls?: BackendTLS;
}

const backendRules: Rule[] = [
  rule<BackendShape>(
    "health-check-takes-http2",
    "healthCheck.grpc takes protocol HTTP2, as gRPC does",
    ({ healthCheck, protocol }) => healthCheck === undefined || protocol === "HTTP2",
  ),
  rule<BackendShape>(
    "one-place",
    "exactly one of url, endpoints and unix must be given",
    ({ url, endpoints, unix }) => [url, endpoints, unix].filter((place) => place !== undefined).length === 1,
  ),
  rule<BackendShape>(
    "tls-not-with-http-url",
    "tls must not be given with an http URL; write https in the URL or remove tls",
    ({ url, tls }) => tls === undefined || url === undefined || /^https:/i.test(url),
  ),
  rule<BackendShape>(
    "unix-tls-hostname",
    "tls.hostname must be given with unix, since a socket has no host name, unless insecureSkipVerify is true",
    ({ unix, tls }) =>
      unix === undefined || tls === undefined || tls.hostname !== undefined || tls.insecureSkipVerify,
  ),
];

const backendSpecSchema = struct(
  {
    url: optional(text({ minLength: 1, maxLength: 2048, rules: [urlRule] })),
    endpoints: optional(endpoints),
    unix: optional(
      text({
        minLength: 2,
        // sockaddr_un has 108 bytes on Linux and 104 on macOS, the last one zero.
        maxLength: 103,
        pattern: "^/[^\\x00]+$",
        description: "the absolute path of a socket, such as /run/app.sock",
      }),
    ),
    /** HTTP: the version that TLS agrees on, HTTP/1.1 without TLS. HTTP2 without TLS: by prior knowledge (h2c). */
    protocol: withDefault(choice(["HTTP", "HTTP1", "HTTP2"]), "HTTP"),
    tls: optional(backendTlsSchema),
    /** The PROXY protocol's header that tells endpoints the client, before TLS and everything else; not over UDP. */
    proxyProtocol: optional(choice(["v1", "v2"])),
    /** Endpoints that fail it are left out. */
    healthCheck: optional(healthCheckSchema),
  },
  { rules: backendRules },
);
export type BackendSpec = Static<typeof backendSpecSchema>;

const backendStatusSchema = struct({ conditions: optional(conditions) });
export type BackendStatus = Static<typeof backendStatusSchema>;

export const backendKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "Backend",
  plural: "backends",
  namespaced: true,
  isStrict: true,
  fields: { spec: backendSpecSchema, status: optional(backendStatusSchema) },
});
/** Endpoints that are no Service: a URL, addresses or host names, or a unix socket, with or without TLS. */
export type Backend = ResourceOf<typeof backendKind>;
