import { FAULTS, makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { httpDate } from "../message/index.ts";
import type { RequestHead } from "../message/index.ts";
import type { ListenerSettings } from "../model/index.ts";
import { statusLine } from "../wire/http1/index.ts";

/** Why a request is not handed on, by its head alone; null: it is. */
export function refusalOf(head: RequestHead, { maxBodyBytes }: ListenerSettings): Fault | null {
  if (head.method === "CONNECT") {
    return makeFault("HDL_REQUEST_METHOD_UNSUPPORTED", "CONNECT is not served on this listener");
  }
  if (maxBodyBytes === 0 || head.bodyLength <= maxBodyBytes) return null;
  return makeFault("HDL_REQUEST_BODY_TOO_LARGE", `body is ${head.bodyLength} bytes, limit ${maxBodyBytes}`);
}

/** The whole HTTP/1.1 response to a request that is answered in place of the proxy; the connection's last. */
export function encodeRefusal(fault: Fault, wallMs: number, isHead: boolean): string {
  const { status } = FAULTS[fault.code];
  const body = `${fault.message} (${fault.code})\n`;
  const retry = status === 503 ? "retry-after: 1\r\n" : "";
  return (
    `${statusLine(status)}date: ${httpDate(wallMs)}\r\n` +
    "content-type: text/plain; charset=utf-8\r\n" +
    `${retry}content-length: ${body.length}\r\nconnection: close\r\n\r\n${isHead ? "" : body}`
  );
}
