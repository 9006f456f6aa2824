import { reasonOf } from "../../message/index.ts";

/** Whole status lines by status, CRLF included; "" below 100. */
const STATUS_LINES: readonly string[] = Array.from({ length: 600 }, (_, status) =>
  status < 100 ? "" : `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`,
);

/** "HTTP/1.1 200 OK" and CRLF, for 100–599; "" for what is no status. */
export function statusLine(status: number): string {
  return STATUS_LINES[status] ?? "";
}
