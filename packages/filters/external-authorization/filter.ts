import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { BodyStart, Exchange, Fields, ResponseHead } from "@heddle/engine/message";
import { ExpiringMap } from "../expiring-map/index.ts";
import { applyVerdict } from "./apply-verdict.ts";
import { askGrpc } from "./ask-grpc.ts";
import { askHttp } from "./ask-http.ts";
import { cacheKeyOf } from "./cache-key.ts";
import type { CheckedBody } from "./check-request.ts";
import type { ExternalAuthorizationConfig } from "./config.ts";
import { applyChanges } from "./field-change.ts";
import type { AllowedVerdict, NoVerdict, Verdict } from "./verdict.ts";

const TOO_LONG: Reply = { status: 413, headers: [], body: "" };

/**
 * Asks a service about each request, and waits for what it says.
 *
 *   key known ──► verdict            (no promise)
 *   else: body, if it is asked for ─► question ─► verdict ─► kept, if its key may be
 *                                        └─► none: fails closed, or as `failureMode` says
 *
 * A verdict that allows may change the request, and the response on its way back. An answer that asks for what cannot
 * be done denies, whatever the failure mode: a request never goes on with a part of what the service wanted.
 */
class ExternalAuthorization implements Filter {
  readonly name = "external-authorization";
  private readonly config: ExternalAuthorizationConfig;
  private readonly context: FilterContext;
  private readonly slot: number;
  private readonly kept: ExpiringMap<Verdict> | null;

  constructor(config: ExternalAuthorizationConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.kept = config.cache === null ? null : new ExpiringMap(config.cache.maxEntries);
  }

  requestHead(exchange: Exchange): Reply | undefined | Promise<Reply | undefined> {
    const { cache } = this.config;
    if (cache === null) return this.ask(exchange, "");
    const key = cacheKeyOf(exchange, cache.key);
    const verdict = this.kept!.get(key, this.context.clock.now());
    if (verdict === undefined) return this.ask(exchange, key);
    this.context.count("cached");
    return this.obey(exchange, verdict);
  }

  /** What only the service says to the upstream is no client's to say in a trailer (CVE-2013-5704). */
  requestTrailers(exchange: Exchange, trailers: Fields): void {
    const { protocol } = this.config;
    if (protocol.kind === "http") for (const name of protocol.toUpstream ?? []) trailers.delete(name);
    const verdict = exchange.slots![this.slot] as AllowedVerdict | undefined;
    for (const { name } of verdict?.requestChanges ?? []) trailers.delete(name);
    for (const name of verdict?.requestRemovals ?? []) trailers.delete(name);
  }

  responseHead(exchange: Exchange, head: ResponseHead): void {
    const verdict = exchange.slots![this.slot] as AllowedVerdict | undefined;
    if (verdict !== undefined) applyChanges(verdict.responseChanges, head.fields);
  }

  private async ask(exchange: Exchange, key: string): Promise<Reply | undefined> {
    const { body } = this.config;
    let checked: CheckedBody | null = null;
    if (body !== null && exchange.request.upgrade === "") {
      const start = await readStart(exchange, body.maxBytes);
      if (start === null) return undefined;
      if (!start.isWhole && body.longer === "deny") return TOO_LONG;
      checked = { bytes: start.bytes, isPartial: !start.isWhole };
    }
    const outcome = await this.question(exchange, checked);
    if ("failure" in outcome) return this.fail(exchange, outcome);
    this.keep(key, outcome);
    return this.obey(exchange, outcome);
  }

  private question(exchange: Exchange, body: CheckedBody | null): Promise<Verdict | NoVerdict> {
    const { config, context } = this;
    return config.protocol.kind === "grpc"
      ? askGrpc(exchange, config, config.protocol, body, context)
      : askHttp(exchange, config, config.protocol, body, context);
  }

  /** A cookie is one client's own, whatever the key says. */
  private keep(key: string, verdict: Verdict): void {
    const { cache } = this.config;
    if (cache === null || setsCookie(verdict)) return;
    this.kept!.set(key, verdict, this.context.clock.now() + cache.ttlMs);
  }

  private obey(exchange: Exchange, verdict: Verdict): Reply | undefined {
    if (!verdict.isAllowed) {
      this.context.count("denied");
      return verdict.reply;
    }
    this.context.count("allowed");
    applyVerdict(verdict, exchange.request);
    exchange.slots![this.slot] = verdict;
    return undefined;
  }

  private fail(exchange: Exchange, { failure, isBroken }: NoVerdict): Reply | undefined {
    if (failure === "aborted") return undefined;
    this.context.count(failure === "timeout" ? "timeout" : "failed");
    const { failureMode, protocol, statusOnError } = this.config;
    if (failureMode === "Deny" || isBroken) return { status: statusOnError, headers: [], body: "" };
    this.context.count("let-through");
    // What the service would have said must not be what the client says.
    if (protocol.kind === "http") {
      for (const name of protocol.toUpstream ?? []) exchange.request.fields.delete(name);
    }
    return undefined;
  }
}

const NOTHING: BodyStart = { bytes: new Uint8Array(0), isWhole: true };

/** Null: the exchange is over. */
function readStart(exchange: Exchange, maxBytes: number): Promise<BodyStart | null> | BodyStart {
  return exchange.bodySource === null ? NOTHING : exchange.bodySource.peek(maxBytes);
}

function setsCookie(verdict: Verdict): boolean {
  return verdict.isAllowed
    ? verdict.responseChanges.some(({ name }) => name === "set-cookie")
    : verdict.reply.headers.some(([name]) => name === "set-cookie");
}

/**
 * Events: `allowed`, `denied`, `cached` (one of these two without a question), `timeout` and `failed` (no verdict),
 * `let-through` (without one, by the failure mode).
 */
export const externalAuthorization: FilterFactory<ExternalAuthorizationConfig> = {
  name: "external-authorization",
  create: (config, context) => new ExternalAuthorization(config, context),
};
