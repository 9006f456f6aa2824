import { NAME } from "../message/index.ts";
import type { AccessRecord } from "./access-record.ts";
import { protocolName } from "./access-record.ts";
import { EscapeMemo, escapeQuoted, escapeWord, MAX_NAME, MAX_PATH, MAX_TEXT } from "./escape.ts";
import { commonTime } from "./log-time.ts";
import { loggedReferer, redactQuery } from "./redact-query.ts";
import type { QueryLogging } from "./redact-query.ts";

// What stands around a text is kept with it: a line of few pieces costs less than one of many.
const clients = new EscapeMemo((text) => `${escapeWord(text, MAX_NAME)} - `);
const users = new EscapeMemo((text) => escapeWord(text, MAX_NAME));
const methods = new EscapeMemo((text) => `${escapeQuoted(text, MAX_NAME)} `);
const paths = new EscapeMemo((text) => escapeQuoted(text, MAX_PATH));
const agents = new EscapeMemo((text) => ` "-" "${escapeQuoted(text, MAX_TEXT)}"`);

/**
 * One exchange in the combined log format of Apache and nginx, without a line end:
 * `client - user [time] "request line" status bytes "referer" "user agent"`.
 */
export function formatCommon(record: AccessRecord, query: QueryLogging): string {
  const { exchange } = record;
  const { request } = exchange;
  const target =
    query === "redacted" ? exchange.originalPath + redactQuery(request.query) : exchange.originalPath;
  const referer = request.fields.getKnown(NAME.REFERER);
  const userAgent = request.fields.getKnown(NAME.USER_AGENT) ?? "-";
  const sender =
    referer === undefined
      ? agents.of(userAgent)
      : ` "${escapeQuoted(loggedReferer(referer, query), MAX_TEXT)}" "${escapeQuoted(userAgent, MAX_TEXT)}"`;
  return (
    clients.of(exchange.clientAddress) +
    users.of(exchange.principal?.subject ?? "") +
    timePart(record.startedWallMs) +
    methods.of(request.method) +
    paths.of(target) +
    statusPart(request.version, record.status) +
    exchange.responseBytes +
    sender
  );
}

let lastTime = "";
let lastTimePart = "";

function timePart(wallMs: number): string {
  const time = commonTime(wallMs);
  if (time !== lastTime) {
    lastTime = time;
    lastTimePart = ` [${time}] "`;
  }
  return lastTimePart;
}

let lastVersion = -1;
let lastStatus = -1;
let lastStatusPart = "";

function statusPart(version: number, status: number): string {
  if (version !== lastVersion || status !== lastStatus) {
    lastVersion = version;
    lastStatus = status;
    lastStatusPart = ` ${protocolName(version)}" ${status} `;
  }
  return lastStatusPart;
}
