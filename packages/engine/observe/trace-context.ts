import { NAME, SPAN } from "../message/index.ts";
import type { Exchange, Fields } from "../message/index.ts";
import type { TraceIds } from "./trace-ids.ts";

/** W3C Trace Context (https://www.w3.org/TR/trace-context/). Section numbers are of its level 1. */
export interface TraceParent {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits: the caller's span. */
  readonly parentId: string;
  readonly isSampled: boolean;
}

/** Section 3.2: lower-case digits only (3.2.2), neither id all zero, version ff forbidden. Native, so half of a loop. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/;
const TRACEPARENT_LENGTH = 55;

/** "00-<32 hex>-<16 hex>-<2 hex>"; null for anything else. */
export function parseTraceparent(value: string): TraceParent | null {
  if (!isTraceparent(value)) return null;
  return { traceId: value.slice(3, 35), parentId: value.slice(36, 52), isSampled: isSampled(value) };
}

/** What a later version adds stands after one more dash (3.2.4). */
function isTraceparent(value: string): boolean {
  if (!TRACEPARENT.test(value)) return false;
  if (value.length === TRACEPARENT_LENGTH) return true;
  return !value.startsWith("00") && value[TRACEPARENT_LENGTH] === "-";
}

/** The last digit's lowest bit (3.2.2.5.1). The codes of "a" to "f" are odd where the digits are even. */
function isSampled(value: string): boolean {
  const last = value.charCodeAt(TRACEPARENT_LENGTH - 1);
  return ((last >= 97 ? last + 1 : last) & 1) === 1;
}

/** Section 3.3.1: members of one list, at most 32, each a key and a printable value. */
const TRACESTATE_KEY =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/;
const TRACESTATE_VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const MAX_TRACESTATE_MEMBERS = 32;
const MAX_TRACESTATE_CHARS = 4_096;

/** A tracestate as it is passed on, empty members removed; "" when it is not valid and has to be dropped. */
export function parseTracestate(value: string): string {
  if (value.length > MAX_TRACESTATE_CHARS) return "";
  const members = value.split(",").flatMap((member) => member.trim() || []);
  const keys = new Set<string>();
  for (const member of members) {
    const equals = member.indexOf("=");
    const key = member.slice(0, equals);
    if (equals < 0 || keys.has(key)) return "";
    if (!TRACESTATE_KEY.test(key) || !TRACESTATE_VALUE.test(member.slice(equals + 1))) return "";
    keys.add(key);
  }
  return members.length <= MAX_TRACESTATE_MEMBERS ? members.join(",") : "";
}

/**
 * Continues the trace that the request carries, with a span of its own, or starts one: sets the exchange's trace and
 * span id and the request's traceparent. What is not valid is replaced, and its tracestate dropped with it (4.3).
 * Called once, before the request goes out; retries carry the same span.
 *
 * `startSampled`: the flag of a trace that begins here. On by default, since services that follow their parent's
 * flag would record nothing otherwise.
 */
export function traceExchange(exchange: Exchange, ids: TraceIds, startSampled: boolean = true): void {
  const { fields } = exchange.request;
  const value = takeTraceparent(fields);
  const isContinued = value !== "" && isTraceparent(value);
  const traceparent = isContinued ? continueTrace(value, ids) : ids.traceparent(startSampled);
  exchange.traceparent = traceparent;
  fields.addTrusted("traceparent", traceparent);
  if (fields.getKnown(NAME.TRACESTATE) !== undefined) passTracestate(fields, isContinued);
}

function continueTrace(value: string, ids: TraceIds): string {
  return `00-${value.slice(3, 35)}-${ids.spanId()}${isSampled(value) ? "-01" : "-00"}`;
}

/**
 * Removes every traceparent and returns the only one. Two are as good as none, "": nobody knows which of them the
 * services before us meant.
 */
function takeTraceparent(fields: Fields): string {
  const { spans } = fields;
  let value = "";
  let count = 0;
  for (let at = 0; at < spans.length; at += SPAN) {
    if (spans[at] !== NAME.TRACEPARENT) continue;
    value = fields.text.slice(spans[at + 3], spans[at + 4]);
    spans[at] = -1;
    count++;
  }
  if (fields.added.length > 0) {
    for (const added of fields.getAll("traceparent")) {
      value = added;
      count++;
    }
    fields.delete("traceparent");
  }
  return count === 1 ? value : "";
}

function passTracestate(fields: Fields, isContinued: boolean): void {
  const state = isContinued ? parseTracestate(fields.getList("tracestate") ?? "") : "";
  fields.delete("tracestate");
  if (state !== "") fields.addTrusted("tracestate", state);
}
