import { createHmac, timingSafeEqual } from "node:crypto";
import type { BufferBody, DataRef, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import { Credentials } from "@heddle/engine/message";
import type { Exchange, Principal, ResponseHead } from "@heddle/engine/message";
import { NonceBook } from "../nonce-book/index.ts";
import type { HmacConfig, HmacSecrets, SignedPart } from "./config.ts";
import { readSignature } from "./sent-signature.ts";
import type { SentSignature } from "./sent-signature.ts";

const reasons = {
  malformed: "the request's signature is malformed",
  time: "the request was not signed at this time",
  "no-secrets": "no secret is known",
  "bad-signature": "the signature is not that of this request",
  replay: "the request was taken before, or there is no room to remember it",
} as const;
type Refusal = keyof typeof reasons;
/** What is known with the body. */
type Verdict = "bad-signature" | "replay";

const EMPTY = new Uint8Array();

/**
 * Says who a request is of by an HMAC over it, as senders of webhooks make one. Who it is does not depend on which secret
 * fits, so a request with a body is taken for its sender's at once; but nothing of it reaches the upstream before its
 * body is whole, and good.
 */
class Hmac implements Filter {
  readonly name = "hmac";
  private readonly config: HmacConfig;
  private readonly context: FilterContext;
  private readonly data: DataRef;
  private readonly slot: number;
  private readonly principal: Principal;
  private readonly challenge: string;
  private readonly coversBody: boolean;
  private readonly unauthorized: Readonly<Record<Verdict, Reply>>;
  /** Null: what is good is taken as often as it comes. */
  private readonly nonces: NonceBook | null;
  readonly requestBody?: BufferBody;

  constructor(config: HmacConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.data = context.data(config.secrets);
    this.slot = context.reserveSlot();
    const { subject } = config;
    this.principal = Object.freeze({ subject, issuer: "", method: "hmac", claims: Object.freeze({}) });
    this.challenge = `Hmac realm="heddle", header="${config.header}"`;
    const { challenge } = this;
    this.unauthorized = {
      "bad-signature": unauthorized(reasons["bad-signature"], challenge),
      replay: unauthorized(reasons.replay, challenge),
    };
    // It may be dated ahead by as much as it may be late.
    this.nonces = config.refusesReplays ? new NonceBook(context.shared, "hmac", 2 * config.maxAgeMs) : null;
    this.coversBody = config.content.some(({ type }) => type === "body");
    if (this.coversBody) {
      this.requestBody = {
        mode: "buffer",
        maxBytes: config.maxBodyBytes,
        whole: (exchange, bytes) => this.checkBody(exchange, bytes),
      };
    }
  }

  requestHead(exchange: Exchange): void {
    const credentials = Credentials.of(exchange);
    const sent = readSignature(exchange.request, this.config);
    if (sent === undefined) {
      credentials.challenge(this.challenge);
      return;
    }
    const refusal = sent === null ? "malformed" : this.refusalOf(exchange, sent);
    if (refusal === null) {
      credentials.accept(this.principal);
      return;
    }
    this.context.count(refusal);
    credentials.reject(reasons[refusal], this.challenge);
  }

  private refusalOf(exchange: Exchange, sent: SentSignature): Refusal | null {
    const { timestamp, maxAgeMs } = this.config;
    const offMs = Math.abs(this.context.clock.wallMs() - Number(sent.timestamp) * 1000);
    if (timestamp !== null && offMs > maxAgeMs) return "time";
    if (this.secrets().length === 0) return "no-secrets";
    if (this.coversBody && exchange.request.bodyLength !== 0) {
      exchange.slots![this.slot] = sent;
      return null;
    }
    return this.judge(exchange, sent, EMPTY);
  }

  private checkBody(exchange: Exchange, bytes: Uint8Array): Reply | undefined {
    const sent = exchange.slots![this.slot] as SentSignature | undefined;
    if (sent === undefined) return undefined;
    const refusal = this.judge(exchange, sent, bytes);
    if (refusal !== null) {
      this.context.count(refusal);
      return this.unauthorized[refusal];
    }
    exchange.slots![this.slot] = undefined;
    return undefined;
  }

  /**
   * The upstream has not been asked while a signature waits for its body: what is answered then is another filter's, a
   * cache's say, for whom the sender's word was good. It is not.
   */
  responseHead(exchange: Exchange, head: ResponseHead): Reply | undefined {
    const isPending = exchange.slots![this.slot] !== undefined;
    return isPending && head.status < 400 ? this.unauthorized["bad-signature"] : undefined;
  }

  private secrets(): readonly string[] {
    return (this.data.value as HmacSecrets | undefined)?.secrets ?? [];
  }

  private judge(exchange: Exchange, sent: SentSignature, body: Uint8Array): Verdict | null {
    const { signatures, timestamp } = sent;
    const parts = this.config.content.map((part) => partOf(exchange, part, timestamp, body));
    const digests: Buffer[] = [];
    let isGood = false;
    for (const secret of this.secrets()) {
      const hmac = createHmac(this.config.hash, Buffer.from(secret, "base64"));
      for (const part of parts) hmac.update(part);
      const own = hmac.digest();
      isGood ||= signatures.some((one) => timingSafeEqual(one, own));
      if (isGood && this.nonces === null) return null;
      digests.push(own);
    }
    if (!isGood) return "bad-signature";
    return this.isFirst(exchange, digests) ? null : "replay";
  }

  /**
   * What was signed is known by its HMACs by all secrets, not by the one that was sent: who changes its secret sends one by
   * each, and the other one would make another request of the same.
   */
  private isFirst(exchange: Exchange, digests: readonly Buffer[]): boolean {
    const { nonces } = this;
    return nonces === null || digests.every((one) => nonces.use(exchange, "", one.toString("base64")));
  }
}

function unauthorized(reason: string, challenge: string): Reply {
  return {
    status: 401,
    headers: [
      ["content-type", "text/plain; charset=utf-8"],
      ["www-authenticate", challenge],
    ],
    body: `${reason}\n`,
  };
}

function partOf(exchange: Exchange, part: SignedPart, timestamp: string, body: Uint8Array): Uint8Array {
  const { request, originalPath } = exchange;
  switch (part.type) {
    case "body":
      return body;
    case "text":
      return Buffer.from(part.value);
    case "header":
      return Buffer.from(request.fields.getList(part.value) ?? "", "latin1");
    case "timestamp":
      return Buffer.from(timestamp);
    case "method":
      return Buffer.from(request.method);
    case "path":
      return Buffer.from(originalPath, "latin1");
    case "query":
      return Buffer.from(request.query, "latin1");
  }
}

/** Events: `malformed`, `time`, `no-secrets`, `bad-signature`, `replay`. */
export const hmac: FilterFactory<HmacConfig> = {
  name: "hmac",
  create: (config, context) => new Hmac(config, context),
};
