import { NAME } from "../message/index.ts";
import type { AccessRecord } from "./access-record.ts";
import { protocolName } from "./access-record.ts";
import { escapeQuoted, escapeWord, MAX_NAME, MAX_PATH, MAX_TEXT } from "./escape.ts";
import { commonTime } from "./log-time.ts";
import { loggedReferer, redactQuery } from "./redact-query.ts";
import type { QueryLogging } from "./redact-query.ts";

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
    `${escapeWord(exchange.clientAddress, MAX_NAME)} - ${escapeWord(exchange.principal?.subject ?? "", MAX_NAME)}` +
    ` [${commonTime(record.startedWallMs)}]` +
    ` "${escapeQuoted(request.method, MAX_NAME)} ${escapeQuoted(target, MAX_PATH)} ${protocolName(request.version)}"` +
    ` ${record.status} ${exchange.responseBytes}` +
    ` "${referer === undefined ? "-" : escapeQuoted(loggedReferer(referer, query), MAX_TEXT)}" "${escapeQuoted(userAgent, MAX_TEXT)}"`
  );
}
