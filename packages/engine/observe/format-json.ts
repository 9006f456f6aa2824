import { NAME } from "../message/index.ts";
import type { Exchange, MatchInfo, PeerTls } from "../message/index.ts";
import type { AccessRecord } from "./access-record.ts";
import { protocolName } from "./access-record.ts";
import { escapeJson, MAX_NAME, MAX_PATH, MAX_TEXT } from "./escape.ts";
import { isoTime } from "./log-time.ts";
import { loggedReferer, redactQuery } from "./redact-query.ts";
import type { QueryLogging } from "./redact-query.ts";

/**
 * One exchange as a JSON object without a line end; docs/reference/access-log.md names its members. Members without
 * a value are left out. No header's value but User-Agent and Referer is read.
 *
 * Written by hand, from few pieces, of which those of a route and an endpoint are kept: JSON.stringify of an object
 * made for it costs three times as much (bench/micro/observe.ts).
 */
export function formatJson(record: AccessRecord, query: QueryLogging): string {
  const { exchange } = record;
  const { request, match } = exchange;
  let line =
    `{"time":"${isoTime(record.startedWallMs)}","client":"${escapeJson(exchange.clientAddress, MAX_NAME)}` +
    `","protocol":"${protocolName(request.version)}","method":"${escapeJson(request.method, MAX_NAME)}` +
    `","authority":"${escapeJson(exchange.originalAuthority, MAX_NAME)}` +
    `","path":"${escapeJson(exchange.originalPath, MAX_PATH)}"`;
  if (query === "redacted" && request.query !== "") {
    line += member("query", redactQuery(request.query), MAX_PATH);
  }
  line += statusMember(record.status) + milliseconds(record.durationMs);
  line += exchange.requestBytes === 0 ? ',"requestBytes":0' : `,"requestBytes":${exchange.requestBytes}`;
  line += `,"responseBytes":${exchange.responseBytes}${matchMembers(match)}`;
  if (exchange.cluster !== "") line += upstreamMembers(exchange);
  if (record.upstreamMs >= 0) line += `,"upstreamMs":${milliseconds(record.upstreamMs)}`;
  if (exchange.injectedDelayMs > 0) line += `,"injectedDelayMs":${exchange.injectedDelayMs}`;
  if (exchange.fault !== null) line += `,"fault":"${exchange.fault.code}"`;
  if (exchange.grpcStatus >= 0) line += `,"grpcStatus":${exchange.grpcStatus}`;
  if (hasIdentity(record)) line += identityMembers(record);
  if (exchange.traceId !== "") line += `,"traceId":"${exchange.traceId}","spanId":"${exchange.spanId}"`;
  if (exchange.peer.tls !== null) line += tlsMember(exchange.peer.tls);
  const referer = request.fields.getKnown(NAME.REFERER);
  if (referer !== undefined) line += member("referer", loggedReferer(referer, query), MAX_TEXT);
  const userAgent = request.fields.getKnown(NAME.USER_AGENT);
  return userAgent === undefined ? line + "}" : `${line},"userAgent":"${escapeJson(userAgent, MAX_TEXT)}"}`;
}

const member = (name: string, value: string, max: number = MAX_NAME): string =>
  `,"${name}":"${escapeJson(value, max)}"`;

const statusMembers: string[] = Array.from(
  { length: 600 },
  (_, status) => `,"status":${status},"durationMs":`,
);

const statusMember = (status: number): string => statusMembers[status] ?? `,"status":${status},"durationMs":`;

const thousandths: readonly string[] = Array.from(
  { length: 1_000 },
  (_, n) => `.${String(n).padStart(3, "0")}`,
);

/**
 * Milliseconds with three decimals, from two whole numbers: the shortest text of a fraction costs more than all the
 * rest of the line. Not below 0: a start and an end may come from different readings of the clock.
 */
function milliseconds(ms: number): string {
  const microseconds = ms > 0 ? Math.round(ms * 1_000) : 0;
  const whole = Math.floor(microseconds / 1_000);
  return whole + thousandths[microseconds - whole * 1_000];
}

/** By route index, compared by what they say: holding on to a MatchInfo could hold on to a whole old Snapshot. */
const matchTexts: ({ listener: string; route: string; rule: string; text: string } | undefined)[] = [];

function matchMembers(match: MatchInfo): string {
  const { listener, route, rule } = match;
  const index = match.routeIndex > 0 ? match.routeIndex : 0;
  const kept = matchTexts[index];
  if (kept !== undefined && kept.route === route && kept.rule === rule && kept.listener === listener) {
    return kept.text;
  }
  let text = listener === "" ? "" : member("listener", listener, MAX_TEXT);
  if (route !== "") text += member("route", route, MAX_TEXT) + member("rule", rule);
  matchTexts[index] = { listener, route, rule, text };
  return text;
}

/** By endpoint index, as above. */
const upstreamTexts: ({ cluster: string; endpoint: string; attempts: number; text: string } | undefined)[] =
  [];

function upstreamMembers(exchange: Exchange): string {
  const { cluster, endpoint, attempts } = exchange;
  const index = exchange.endpointIndex > 0 ? exchange.endpointIndex : 0;
  const kept = upstreamTexts[index];
  if (
    kept !== undefined &&
    kept.attempts === attempts &&
    kept.endpoint === endpoint &&
    kept.cluster === cluster
  ) {
    return kept.text;
  }
  let text = member("service", cluster, MAX_TEXT);
  if (endpoint !== "") text += member("endpoint", endpoint);
  text += `,"attempts":${attempts}`;
  upstreamTexts[index] = { cluster, endpoint, attempts, text };
  return text;
}

function hasIdentity(record: AccessRecord): boolean {
  return (
    record.exchange.principal !== null ||
    record.peerIdentity !== null ||
    record.operation !== null ||
    record.consumer !== null ||
    record.credential !== null ||
    record.plan !== null
  );
}

function identityMembers(record: AccessRecord): string {
  const { principal } = record.exchange;
  let members = "";
  if (record.peerIdentity !== null) members += member("peer", record.peerIdentity);
  if (principal !== null) members += member("principal", principal.subject);
  if (record.operation !== null) members += member("operation", record.operation);
  if (record.consumer !== null) members += member("consumer", record.consumer);
  if (record.credential !== null) members += member("credential", record.credential);
  if (record.plan !== null) members += member("plan", record.plan);
  return members;
}

function tlsMember(tls: PeerTls): string {
  return (
    `,"tls":{"version":"${tls.version}","cipher":"${tls.cipher}"` +
    `,"serverName":"${escapeJson(tls.serverName, MAX_NAME)}","resumed":${tls.isResumed}}`
  );
}
