import type { AccessRecord } from "./access-record.ts";
import { protocolName } from "./access-record.ts";
import { escapeQuoted, escapeWord } from "./escape.ts";
import { loggedReferer } from "./format-json.ts";
import type { QueryLogging } from "./format-json.ts";
import { commonTime } from "./log-time.ts";
import { redactQuery } from "./redact-query.ts";

/**
 * One exchange in the combined log format of Apache and nginx, without a line end:
 * `client - user [time] "request line" status bytes "referer" "user agent"`.
 */
export function formatCommon(record: AccessRecord, query: QueryLogging): string {
  const { exchange } = record;
  const { request } = exchange;
  const target =
    query === "redacted" ? exchange.originalPath + redactQuery(request.query) : exchange.originalPath;
  const referer = request.fields.get("referer");
  const userAgent = request.fields.get("user-agent") ?? "-";
  return (
    `${escapeWord(exchange.clientAddress)} - ${escapeWord(exchange.principal?.subject ?? "")}` +
    ` [${commonTime(record.startedWallMs)}]` +
    ` "${escapeQuoted(request.method)} ${escapeQuoted(target)} ${protocolName(request.version)}"` +
    ` ${record.status} ${exchange.responseBytes}` +
    ` "${referer === undefined ? "-" : escapeQuoted(loggedReferer(referer, query))}" "${escapeQuoted(userAgent)}"`
  );
}
