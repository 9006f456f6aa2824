import { NAME } from "../message/index.ts";
import type { AccessRecord } from "./access-record.ts";
import { protocolName } from "./access-record.ts";
import { EscapeMemo, escapeQuoted, escapeWord, MAX_NAME, MAX_PATH, MAX_TEXT } from "./escape.ts";
import { commonTime } from "./log-time.ts";
import { loggedReferer, redactQuery } from "./redact-query.ts";
import type { QueryLogging } from "./redact-query.ts";

const clients = new EscapeMemo((text) => escapeWord(text, MAX_NAME));
const users = new EscapeMemo((text) => escapeWord(text, MAX_NAME));
const methods = new EscapeMemo((text) => escapeQuoted(text, MAX_NAME));
const paths = new EscapeMemo((text) => escapeQuoted(text, MAX_PATH));
const agents = new EscapeMemo((text) => escapeQuoted(text, MAX_TEXT));

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
  return (
    `${clients.of(exchange.clientAddress)} - ${users.of(exchange.principal?.subject ?? "")}` +
    ` [${commonTime(record.startedWallMs)}]` +
    ` "${methods.of(request.method)} ${paths.of(target)} ${protocolName(request.version)}"` +
    ` ${record.status} ${exchange.responseBytes}` +
    ` "${referer === undefined ? "-" : escapeQuoted(loggedReferer(referer, query), MAX_TEXT)}" "${agents.of(userAgent)}"`
  );
}
