import type { RateLimitConfig } from "../../../compile/index.ts";

type Limit = RateLimitConfig["limits"][number];
type KeyPart = Limit["key"][number];

/** What limits let through, each in words: `per-client: 100 in 1 s, 200 at once, by client address /32 or /64`. */
export function rateLimitEffect({ limits, status, store }: RateLimitConfig): string {
  const where =
    store === null ? "" : `; counted at ${store.url}, ${awayWords[store.whenUnavailable]} while it is away`;
  return `${limits.map(limitWords).join("; ")}; answers ${status} beyond${where}`;
}

const awayWords = { allow: "nothing is", deny: "nothing passes", local: "by this process" } as const;

function limitWords(limit: Limit): string {
  const { name, key, match, cost, whenMissing, isShadow } = limit;
  const all = [
    meterWords(limit.meter),
    ...(key.length === 0 ? [] : [`by ${key.map(partWords).join(" and ")}`]),
    ...(key.length === 0 || whenMissing === "shared" ? [] : [missingWords[whenMissing]]),
    ...(match === null ? [] : [matchWords(match)]),
    ...(cost.from === "constant" && cost.units === 1 ? [] : [costWords(cost)]),
    ...(isShadow ? ["refuses nothing (shadow)"] : []),
  ];
  return `${name}: ${all.join(", ")}`;
}

const missingWords = { skip: "not counted without", deny: "refused without" } as const;

function meterWords(meter: Limit["meter"]): string {
  switch (meter.kind) {
    case "token-bucket":
      return `${meter.tokens} in ${timeWords(meter.periodMs)}, ${meter.burst} at once`;
    case "sliding-window":
      return `${meter.quota} in any ${timeWords(meter.windowMs)}`;
    case "fixed-window":
      return `${meter.quota} each ${meter.unit}`;
    case "concurrency":
      return `${meter.quota} in flight`;
  }
}

const timeWords = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`);

function partWords(part: KeyPart): string {
  switch (part.from) {
    case "claim":
      return `claim ${part.path.join(".")}`;
    case "header":
    case "cookie":
    case "query":
      return `${part.from} ${part.name}`;
    case "client-address":
      return `client address /${part.ipv4Bits} or /${part.ipv6Bits}`;
    case "constant":
      return `the constant ${part.value}`;
    default:
      return part.from;
  }
}

function matchWords({ methods, pathPrefixes, headers }: NonNullable<Limit["match"]>): string {
  const all = [
    ...(methods.length === 0 ? [] : [methods.join(" or ")]),
    ...(pathPrefixes.length === 0
      ? []
      : [`below ${pathPrefixes.map((prefix) => prefix || "/").join(" or ")}`]),
    ...headers.map(({ name, value }) => (value === null ? `with ${name}` : `with ${name}: ${value}`)),
  ];
  return `of ${all.join(" ")}`;
}

function costWords(cost: Limit["cost"]): string {
  if (cost.from === "constant") return `a request costs ${cost.units}`;
  const of = cost.from === "request-header" ? "the request's" : "the response's";
  return `a request costs what ${of} ${cost.name} says`;
}
