import type { ListenerUnit, RouteMatch, RouteUnit } from "@heddle/engine/model";
import { intersectHostname } from "../../compile/index.ts";
import type { AppliedConfiguration } from "../configuration/configuration.ts";
import type { Heddle } from "../open-heddle.ts";
import type { ReportedProblem } from "./reported-problem.ts";

/** What `heddle run` prints when it is up, as data: `-o json`. */
export interface StartReport {
  readonly version: string;
  readonly api: string;
  readonly listeners: readonly {
    readonly address: string;
    readonly protocol: string;
    readonly error: string | null;
  }[];
  /** The first `maxRoutes`. */
  readonly routes: readonly RouteHint[];
  readonly routeCount: number;
  readonly problems: readonly ReportedProblem[];
}

export interface RouteHint {
  /** "namespace/name" */
  readonly route: string;
  readonly url: string;
  readonly curl: string;
}

const maxRoutes = 20;

export function startReport(version: string, { api, applied }: Pick<Heddle, "api" | "applied">): StartReport {
  const units = applied.units.toArray().map(({ unit }) => unit);
  const routes = units.filter((unit) => unit.kind === "route");
  const listeners = units.filter((unit) => unit.kind === "listener");
  const states = new Map(applied.listeners.map((listener) => [listener.name, listener]));
  return {
    version,
    api: api.url,
    listeners: listeners.map(({ name, protocol }) => ({
      address: name,
      protocol,
      error: states.get(name)?.error ?? null,
    })),
    routes: routes.flatMap((route) => routeHint(route, listeners, applied)).slice(0, maxRoutes),
    routeCount: routes.length,
    problems: applied.problems,
  };
}

/** One line of a route: its first host name on the first listener that is up. */
function routeHint(
  route: RouteUnit,
  listeners: readonly ListenerUnit[],
  applied: AppliedConfiguration,
): RouteHint[] {
  const down = new Set(applied.listeners.filter(({ error }) => error !== null).map(({ name }) => name));
  for (const { server, hostnames } of route.attachments) {
    const listener = listeners.find(
      ({ name, servers }) => !down.has(name) && servers.some(({ id }) => id === server),
    );
    const match = route.rules[0]?.matches[0];
    // curl makes no gRPC calls.
    if (listener === undefined || match === undefined || match.path.type === "Call") continue;
    // A route for any host, or for more than its listener has, is reached by those of its listener.
    const own = listener.servers.find(({ id }) => id === server)?.hostname ?? "";
    return [hintOf(route.name, listener, intersectHostname(own, hostnames[0]!) ?? own, match)];
  }
  return [];
}

function hintOf(route: string, listener: ListenerUnit, hostname: string, match: RouteMatch): RouteHint {
  const scheme = listener.protocol === "HTTPS" ? "https" : "http";
  const reach = reachableAddress(listener.address);
  const host =
    hostname === "" ? (reach === "127.0.0.1" ? "localhost" : bracketed(reach)) : hostname.replace("*", "www");
  const isUsualPort = listener.port === (scheme === "https" ? 443 : 80);
  const path = match.path.type === "RegularExpression" ? "/" : match.path.value;
  const url = `${scheme}://${host}${isUsualPort ? "" : `:${listener.port}`}${path}`;
  const options = [
    // What ends in .localhost curl finds by itself, other names must not go to the Internet.
    ...(hostname === "" || (host.endsWith("localhost") && reach === "127.0.0.1")
      ? []
      : [`--resolve ${host}:${listener.port}:${bracketed(reach)}`]),
    ...(scheme === "https" ? ["--insecure"] : []),
    ...(match.method === "" || match.method === "GET" ? [] : [`-X ${match.method}`]),
    ...match.headers
      .filter(({ type }) => type === "Exact")
      .map(({ name, value }) => `-H ${quoted(`${name}: ${value}`)}`),
  ];
  const query = match.queryParams
    .filter(({ type }) => type === "Exact")
    .map(({ name, value }) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const whole = query.length === 0 ? url : `${url}?${query.join("&")}`;
  return { route, url, curl: ["curl", ...options, quoted(whole)].join(" ") };
}

const reachableAddress = (address: string): string =>
  address === "::" || address === "0.0.0.0" ? "127.0.0.1" : address;

const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
