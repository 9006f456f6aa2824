import type { PeerTls } from "../message/index.ts";
import type { AccessRecord } from "./access-record.ts";
import { protocolName } from "./access-record.ts";
import { escapeJson, MAX_NAME, MAX_PATH, MAX_TEXT } from "./escape.ts";
import { isoTime } from "./log-time.ts";
import { redactQuery } from "./redact-query.ts";

/** How much of a query is logged: nothing, or all but the values that are named like secrets. */
export type QueryLogging = "none" | "redacted";

/**
 * One exchange as a JSON object without a line end; docs/reference/access-log.md names its members. Members without
 * a value are left out. Written by hand: JSON.stringify of an object made for it costs three times as much
 * (bench/micro/observe.ts). No header's value but User-Agent and Referer is read.
 */
export function formatJson(record: AccessRecord, query: QueryLogging): string {
  const { exchange } = record;
  const { request, match } = exchange;
  let line =
    `{"time":"${isoTime(record.startedWallMs)}","client":"${escapeJson(exchange.clientAddress, MAX_NAME)}"` +
    `,"protocol":"${protocolName(request.version)}","method":"${escapeJson(request.method, MAX_NAME)}"` +
    `,"authority":"${escapeJson(exchange.originalAuthority, MAX_NAME)}","path":"${escapeJson(exchange.originalPath, MAX_PATH)}"`;
  if (query === "redacted" && request.query !== "")
    line += member("query", redactQuery(request.query), MAX_PATH);
  line += `,"status":${record.status},"durationMs":${thousandths(record.durationMs)}`;
  line += `,"requestBytes":${exchange.requestBytes},"responseBytes":${exchange.responseBytes}`;
  if (match.listener !== "") line += `,"listener":"${match.listener}"`;
  if (match.route !== "") line += `,"route":"${match.route}","rule":"${match.rule}"`;
  if (exchange.cluster !== "") line += upstreamMembers(record);
  if (exchange.fault !== null) line += `,"fault":"${exchange.fault.code}"`;
  if (exchange.grpcStatus >= 0) line += `,"grpcStatus":${exchange.grpcStatus}`;
  line += identityMembers(record);
  if (exchange.traceId !== "") line += `,"traceId":"${exchange.traceId}","spanId":"${exchange.spanId}"`;
  if (exchange.peer.tls !== null) line += tlsMember(exchange.peer.tls);
  const userAgent = request.fields.get("user-agent");
  if (userAgent !== undefined) line += `,"userAgent":"${escapeJson(userAgent, MAX_TEXT)}"`;
  const referer = request.fields.get("referer");
  if (referer !== undefined) line += member("referer", loggedReferer(referer, query), MAX_TEXT);
  return line + "}";
}

/** A referer's query holds secrets as often as one's own, and its user information always. */
export function loggedReferer(text: string, query: QueryLogging): string {
  const referer = text.includes("@") ? text.replace(/^([a-z]+:\/\/)[^/?#]*@/i, "$1") : text;
  const mark = referer.indexOf("?");
  if (mark < 0) return referer;
  return query === "none"
    ? referer.slice(0, mark)
    : referer.slice(0, mark) + redactQuery(referer.slice(mark));
}

function upstreamMembers(record: AccessRecord): string {
  const { exchange } = record;
  let members = `,"service":"${escapeJson(exchange.cluster, MAX_TEXT)}"`;
  if (exchange.endpoint !== "") members += `,"endpoint":"${escapeJson(exchange.endpoint, MAX_NAME)}"`;
  members += `,"attempts":${exchange.attempts}`;
  return record.upstreamMs < 0 ? members : `${members},"upstreamMs":${thousandths(record.upstreamMs)}`;
}

function identityMembers(record: AccessRecord): string {
  let members = "";
  if (record.peerIdentity !== null) members += member("peer", record.peerIdentity);
  if (record.exchange.principal !== null) members += member("principal", record.exchange.principal.subject);
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

const member = (name: string, value: string, max: number = MAX_NAME): string =>
  `,"${name}":"${escapeJson(value, max)}"`;

/** Milliseconds with microseconds: the shortest number that is right. Not negative: clocks of two places may differ. */
function thousandths(ms: number): number {
  return ms > 0 ? Math.round(ms * 1_000) / 1_000 : 0;
}
