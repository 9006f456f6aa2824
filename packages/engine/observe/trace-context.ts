import type { Exchange } from "../message/index.ts";
import type { TraceIds } from "./trace-ids.ts";

/** W3C Trace Context (https://www.w3.org/TR/trace-context/). Section numbers are of its level 1. */
export interface TraceParent {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits: the caller's span. */
  readonly parentId: string;
  readonly isSampled: boolean;
}

const ZERO_TRACE = "0".repeat(32);
const ZERO_SPAN = "0".repeat(16);
const TRACEPARENT_LENGTH = 55;

/** Section 3.2: "00-<32 hex>-<16 hex>-<2 hex>". A later version may be longer (3.2.4). Null for anything else. */
export function parseTraceparent(value: string): TraceParent | null {
  if (!hasTraceparentShape(value)) return null;
  const traceId = value.slice(3, 35);
  const parentId = value.slice(36, 52);
  if (traceId === ZERO_TRACE || parentId === ZERO_SPAN) return null;
  // Of an odd second digit the lowest bit is set: sampled (3.2.2.5.1).
  return { traceId, parentId, isSampled: (hexDigit(value.charCodeAt(54)) & 1) === 1 };
}

function hasTraceparentShape(value: string): boolean {
  if (value.length < TRACEPARENT_LENGTH) return false;
  for (let i = 0; i < TRACEPARENT_LENGTH; i++) {
    const c = value.charCodeAt(i);
    if (i === 2 || i === 35 || i === 52 ? c !== 45 : hexDigit(c) < 0) return false;
  }
  if (value.startsWith("ff")) return false;
  if (value.length === TRACEPARENT_LENGTH) return true;
  return !value.startsWith("00") && value.charCodeAt(TRACEPARENT_LENGTH) === 45;
}

/** Upper-case digits are refused (3.2.2). */
function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  return c >= 97 && c <= 102 ? c - 87 : -1;
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
  const value = fields.get("traceparent");
  const parent = value === undefined ? null : onlyOne(exchange, parseTraceparent(value));
  exchange.traceId = parent === null ? ids.traceId() : parent.traceId;
  exchange.spanId = ids.spanId();
  const isSampled = parent === null ? startSampled : parent.isSampled;
  if (value !== undefined) fields.delete("traceparent");
  fields.addTrusted("traceparent", `00-${exchange.traceId}-${exchange.spanId}-${isSampled ? "01" : "00"}`);
  if (fields.has("tracestate")) passTracestate(exchange, parent !== null);
}

/** Two traceparents are as good as none: nobody knows which one the services before us meant. */
function onlyOne(exchange: Exchange, parent: TraceParent | null): TraceParent | null {
  return parent !== null && exchange.request.fields.getAll("traceparent").length === 1 ? parent : null;
}

function passTracestate(exchange: Exchange, isContinued: boolean): void {
  const { fields } = exchange.request;
  const state = isContinued ? parseTracestate(fields.getList("tracestate") ?? "") : "";
  fields.delete("tracestate");
  if (state !== "") fields.addTrusted("tracestate", state);
}
