import { parseAuthority, portOf } from "@heddle/engine/message";
import type { ListenerUnit, RouteAttachment, ServerSpec, StreamRouteUnit, Unit } from "@heddle/engine/model";
import { StreamTable } from "@heddle/engine/route";
import type { CompileOutput, PolicySource } from "../../compile/index.ts";
import {
  explainBackend,
  explainFacts,
  type ExplainedBackend,
  type ExplainFacts,
} from "./explained-backend.ts";
import { missingListener } from "./missing-listener.ts";

/** A connection, or a client's datagrams, to explain. */
export interface ExplainStream {
  readonly url: string;
  readonly scheme: "tcp" | "tls" | "udp";
  /** That its client names in TLS; "" for none. */
  readonly serverName: string;
  readonly port: number;
}

/** What it would meet, as plain data: `heddle explain -o json`. */
export interface StreamExplanation {
  readonly connection: ExplainStream;
  /** One for each bound address that has the port and protocol; usually one. */
  readonly listeners: readonly ExplainedStreamListener[];
  /** Why there is no listener; "" otherwise. */
  readonly problem: string;
}

export interface ExplainedStreamListener {
  /** "[::]/5432" */
  readonly address: string;
  /** As of ExplainedListener. */
  readonly server: string | null;
  readonly hostname: string;
  /** "requests": what is in TLS is HTTP, and is routed by request. */
  readonly takes: "connections" | "opened TLS" | "unopened TLS" | "datagrams" | "requests";
  readonly match: ExplainedStreamMatch | null;
  /** In order of precedence. */
  readonly others: readonly ExplainedOtherStream[];
}

export interface ExplainedStreamMatch {
  readonly route: string;
  readonly rule: string;
  readonly hostname: string;
  /** Milliseconds without an octet either way until it ends; 0: as the listener has it. */
  readonly idleMs: number;
  readonly policies: readonly PolicySource[];
  readonly backends: readonly ExplainedBackend[];
}

export interface ExplainedOtherStream {
  readonly route: string;
  readonly hostname: string;
  readonly reason: string;
}

const maxOthers = 100;

/** Whether a URL stands for a connection or datagrams, and not for a request. */
export const isStreamUrl = (url: string): boolean => /^(?:tcp|tls|udp):/i.test(url);

/** Reads `tcp://HOST:PORT`, `tls://SERVER-NAME:PORT`, `udp://HOST:PORT`. Throws Error that says what cannot be read. */
export function parseExplainStream(url: string): ExplainStream {
  const parts = /^(?<scheme>tcp|tls|udp):\/\/(?<authority>[^/?#@]*)\/?$/i.exec(url)?.groups;
  const host = parts === undefined ? null : parseAuthority(parts["authority"]!);
  if (parts === undefined || host === null)
    throw new Error(`${JSON.stringify(url)} is no URL such as tcp://db.localhost:5432`);
  const scheme = parts["scheme"]!.toLowerCase() as ExplainStream["scheme"];
  const port = portOf(host) || (scheme === "tls" ? 443 : 0);
  if (port === 0) throw new Error(`${JSON.stringify(url)} has no port`);
  const name = host.replace(/:\d*$/, "");
  // An IP address is no server name (RFC 6066 section 3).
  const isAddress = name.startsWith("[") || /^[\d.]+$/.test(name);
  return { url, scheme, serverName: scheme === "tls" && !isAddress ? name : "", port };
}

const protocolOf = { tcp: "TCP", tls: "HTTPS", udp: "UDP" } as const;

/** Explains a connection by the units that are in force, and the policies that went into them. */
export function explainStream(
  connection: ExplainStream,
  units: readonly Unit[],
  policies: CompileOutput["policies"],
): StreamExplanation {
  const { scheme, port, serverName } = connection;
  const all = units.filter((unit) => unit.kind === "listener");
  const found = all.filter((unit) => unit.port === port && unit.protocol === protocolOf[scheme]);
  const routes = units.filter((unit) => unit.kind === "stream-route");
  const facts = explainFacts(units, policies);
  return {
    connection,
    listeners: found.map((unit) => explainListener(unit, serverName, routes, facts)),
    problem: found.length > 0 ? "" : missingListener(scheme, port, all),
  };
}

function explainListener(
  unit: ListenerUnit,
  serverName: string,
  routes: readonly StreamRouteUnit[],
  facts: ExplainFacts,
): ExplainedStreamListener {
  const found = StreamTable.build(unit.servers, routes, (route) => route).find(serverName);
  const takes = takesOf(unit, found?.spec);
  if (found === null)
    return { address: unit.name, server: null, hostname: "", takes, match: null, others: [] };
  const { spec, value: route, hostname } = found;
  const total = route?.backends.reduce((sum, { weight }) => sum + weight, 0) ?? 0;
  const match =
    route === null
      ? null
      : {
          route: route.name,
          rule: route.rule,
          hostname,
          idleMs: route.idleMs ?? 0,
          policies: facts.policies.get(`route:${route.name}/${route.rule}`) ?? [],
          backends: route.backends.map((backend) => explainBackend(backend, total, facts)),
        };
  const others = othersOf(spec, routes, serverName, match);
  return { address: unit.name, server: spec.id, hostname: spec.hostname, takes, match, others };
}

function takesOf({ protocol }: ListenerUnit, spec: ServerSpec | undefined): ExplainedStreamListener["takes"] {
  if (protocol === "UDP") return "datagrams";
  if (protocol === "TCP") return "connections";
  if (spec?.stream === undefined) return "requests";
  return spec.stream === "opened" ? "opened TLS" : "unopened TLS";
}

/** The other routes of a server, with each of their hostnames. */
function othersOf(
  { id }: ServerSpec,
  routes: readonly StreamRouteUnit[],
  serverName: string,
  match: ExplainedStreamMatch | null,
): ExplainedOtherStream[] {
  const all = StreamTable.order(routes).flatMap(({ name, attachments }) =>
    attachments
      .filter(({ server }) => server === id)
      .flatMap(({ hostnames }: RouteAttachment) => hostnames.map((hostname) => ({ route: name, hostname }))),
  );
  const others = all.filter((one) => one.route !== match?.route || one.hostname !== match.hostname);
  // The most specific hostname comes first; a stable sort keeps age and name.
  others.sort((a, b) => b.hostname.length - a.hostname.length);
  return others
    .slice(0, maxOthers)
    .map((one) => ({ ...one, reason: reasonOf(one.hostname, serverName, match) }));
}

function reasonOf(hostname: string, serverName: string, match: ExplainedStreamMatch | null): string {
  const fits =
    hostname === "" ||
    hostname === serverName ||
    (hostname.startsWith("*.") &&
      serverName.endsWith(hostname.slice(1)) &&
      serverName.length > hostname.length - 1);
  if (!fits) return serverName === "" ? "client names no server" : `server name is ${serverName}`;
  return hostname === match?.hostname
    ? "would take it too, and is younger, or comes later by name"
    : "would take it too, and has a less specific hostname";
}
