import type { Fields } from "@heddle/engine/message";
import type { Directives } from "./cache-control.ts";
import type { Conditions } from "./conditions.ts";
import { DiskBody } from "./disk-body.ts";
import type { Fill } from "./fill.ts";
import type { Pending } from "./pending.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Why a request went on (RFC 9211 section 2.2). */
export type ForwardReason = "bypass" | "method" | "uri-miss" | "vary-miss" | "request" | "stale";

/** What the cache knows of one exchange. */
export class CacheRun {
  readonly key: string;
  /** Scheme and authority as the endpoint gets them, and what else of the target is in the key. */
  readonly origin: string;
  readonly forwarded: string;
  /** As clients see it: scheme, authority, path and query. */
  readonly uri: string;
  readonly conditions: Conditions;
  /** Of the request; none where they are not followed. */
  readonly asked: Directives;
  readonly askedMs: number;
  forward: ForwardReason = "uri-miss";
  /** Its fields as they came here, which filters behind may change; null while it is not sent on. */
  request: Fields | null = null;
  /** It says who asks: what it gets is theirs unless the response says that it is everybody's. */
  isPersonal = false;
  /** Until when it waits for another's answer; 0: it has not yet. And that it came. */
  waitsUntilMs = 0;
  isCollapsed = false;
  /** What there is, and cannot be used as it is. */
  stale: StoredResponse | null = null;
  /** The request asks whether `stale` is still good. */
  isValidating = false;
  /** It is the background's: no client gets the answer. */
  isRefresh = false;
  /** That others wait for. */
  fill: Fill | null = null;
  pending: Pending | null = null;
  /** What it may answer with, which stays open for it until its end. */
  private held: DiskBody | null = null;

  constructor(
    target: Pick<CacheRun, "key" | "origin" | "forwarded" | "uri">,
    conditions: Conditions,
    asked: Directives,
    askedMs: number,
  ) {
    this.key = target.key;
    this.origin = target.origin;
    this.forwarded = target.forwarded;
    this.uri = target.uri;
    this.conditions = conditions;
    this.asked = asked;
    this.askedMs = askedMs;
  }

  /** The hold on what is on disk is the run's from now on. */
  keep(body: StoredResponse["body"]): void {
    this.letGo();
    if (body instanceof DiskBody) this.held = body;
  }

  letGo(): void {
    this.held?.release();
    this.held = null;
  }
}
