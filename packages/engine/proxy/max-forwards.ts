import type { Reply } from "../filter/index.ts";
import type { RequestHead } from "../message/index.ts";

/**
 * RFC 9110 section 7.6.2: OPTIONS and TRACE go over as many hops as their Max-Forwards says. Takes one off. A reply
 * when none was left: then we are whom it asks. Null: it goes on.
 */
export function spendForward(request: RequestHead): Reply | null {
  const { method, fields } = request;
  if (method !== "OPTIONS" && method !== "TRACE") return null;
  const value = fields.get("max-forwards");
  if (value === undefined || !/^\d{1,9}$/.test(value)) return null;
  const left = Number(value);
  if (left > 0) {
    fields.set("max-forwards", String(left - 1));
    return null;
  }
  // To send a request back as TRACE wants would show its sender what hops on the way have put into it.
  return { status: method === "OPTIONS" ? 204 : 405, headers: [["allow", "OPTIONS"]], body: "" };
}
