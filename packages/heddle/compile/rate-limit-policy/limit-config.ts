import type { KeyPart, LimitConfig, MeterConfig } from "@heddle/filters";
import { parseClaimPath, type LimitKeyPart, type LimitSpec } from "../../resources/index.ts";
import { durationMs } from "../routes/route-settings.ts";

const missing = { Share: "shared", Skip: "skip", Deny: "deny" } as const;
const units = { Minute: "minute", Hour: "hour", Day: "day", Month: "month" } as const;

/** A limit as the filter takes it. `scope` says where it is attached. */
export function limitConfig(limit: LimitSpec, scope: string): LimitConfig {
  return {
    name: limit.name,
    scope,
    meter: meterConfig(limit),
    key: (limit.key ?? []).map(keyPart),
    whenMissing: missing[limit.whenKeyMissing],
    match: matchConfig(limit.match),
    cost: costConfig(limit.cost),
    isShadow: limit.mode === "Shadow",
  };
}

/** Its key says something of who authenticated, so it must come after that. */
export const needsPrincipal = ({ key = [] }: LimitSpec): boolean =>
  key.some(({ from }) => from === "Subject" || from === "Issuer" || from === "Claim");

function meterConfig({ tokenBucket, slidingWindow, fixedWindow, concurrency }: LimitSpec): MeterConfig {
  if (tokenBucket !== undefined) {
    const { rate, per, burst = rate } = tokenBucket;
    return { kind: "token-bucket", tokens: rate, periodMs: durationMs(per), burst };
  }
  if (slidingWindow !== undefined) {
    const { quota, window } = slidingWindow;
    return { kind: "sliding-window", quota, windowMs: durationMs(window) };
  }
  if (fixedWindow !== undefined)
    return { kind: "fixed-window", quota: fixedWindow.quota, unit: units[fixedWindow.unit] };
  return { kind: "concurrency", quota: concurrency!.quota };
}

function keyPart({ from, name, claim, ipv4Prefix, ipv6Prefix, value }: LimitKeyPart): KeyPart {
  switch (from) {
    case "Claim":
      return { from: "claim", path: parseClaimPath(claim!)! };
    case "Header":
      return headerPart(name!.toLowerCase());
    case "Cookie":
      return { from: "cookie", name: name! };
    case "Query":
      return { from: "query", name: name! };
    case "ClientIP":
      // A network of IPv6 is what one customer has (RFC 6177): a limit by address would be none.
      return { from: "client-address", ipv4Bits: ipv4Prefix ?? 32, ipv6Bits: ipv6Prefix ?? 64 };
    case "Constant":
      return { from: "constant", value: value! };
    case "Subject":
      return { from: "subject" };
    case "Issuer":
      return { from: "issuer" };
    case "Method":
      return { from: "method" };
    case "Host":
      return { from: "host" };
    case "Path":
      return { from: "path" };
    case "Route":
      return { from: "route" };
  }
}

/** Host without its port: whoever writes another one is under the same limit. */
const headerPart = (name: string): KeyPart => (name === "host" ? { from: "host" } : { from: "header", name });

function matchConfig(match: LimitSpec["match"]): LimitConfig["match"] {
  if (match === undefined) return null;
  const { methods = [], paths = [], headers = [] } = match;
  return {
    methods,
    pathPrefixes: paths.map((path) => path.replace(/\/+$/, "")),
    headers: headers.map(({ name, value = null }) => ({ name: name.toLowerCase(), value })),
  };
}

function costConfig(cost: LimitSpec["cost"]): LimitConfig["cost"] {
  const { constant = 1, requestHeader, responseHeader } = cost ?? {};
  if (requestHeader !== undefined) {
    const { name, default: fallback } = requestHeader;
    return { from: "request-header", name: name.toLowerCase(), units: fallback };
  }
  if (responseHeader !== undefined) {
    const { name, default: fallback, remove } = responseHeader;
    return { from: "response-header", name: name.toLowerCase(), units: fallback, isRemoved: remove };
  }
  return { from: "constant", units: constant };
}
