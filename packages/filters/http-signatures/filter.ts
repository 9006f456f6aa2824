import type { BufferBody, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import { Credentials } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import type { HttpSignaturesConfig } from "./config.ts";
import { NonceBook } from "../nonce-book/index.ts";
import { coveredDigests, hasDigests, parseContentDigest } from "./content-digest.ts";
import type { ExpectedDigest } from "./content-digest.ts";
import { KeyStore } from "./key-store.ts";
import type { StoredKey } from "./key-store.ts";
import { coveredBy, signatureBase } from "./signature-base.ts";
import { parameterOf, readSignatures } from "./signed-request.ts";
import type { SentSignature } from "./signed-request.ts";
import { verifySignature } from "./verify-signature.ts";

const reasons = {
  malformed: "the request's Signature and Signature-Input are malformed",
  "unknown-key": "the request has no signature by a key that is known",
  algorithm: "the signature names another algorithm than its key's",
  "expired-key": "the signature's key has expired",
  parameters: "the signature's parameters created, expires and nonce are not as they have to be",
  time: "the signature is not of this time",
  uncovered: "the signature does not cover all that it has to",
  component: "the signature covers what the request has not",
  "bad-signature": "the signature is not that of this request",
  digest: "the request's Content-Digest is not that of its body",
  replay: "the signature's nonce was used before",
} as const;
type Refusal = keyof typeof reasons;

/** What "@target-uri" stands for. */
const partsOfTarget: readonly string[] = ["@authority", "@path", "@query", "@request-target", "@scheme"];

/** Longer ones cost hashing, and are no better. */
const maxNonceLength = 256;

/**
 * Says who a request is of by its signature (RFC 9421): which key, and that what has to be covered is what arrived. A
 * body is covered by its Content-Digest (RFC 9530), and held until it is known to have it: nothing of it reaches the
 * upstream before.
 */
class HttpSignatures implements Filter {
  readonly name = "http-signatures";
  private readonly config: HttpSignaturesConfig;
  private readonly context: FilterContext;
  private readonly keys: KeyStore;
  private readonly nonces: NonceBook;
  private readonly slot: number;
  private readonly challenge: string;
  readonly requestBody: BufferBody;

  constructor(config: HttpSignaturesConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.keys = new KeyStore(context.data(config.keys), "http-signatures");
    const lifeMs = config.maxAgeMs + 2 * config.clockSkewMs;
    this.nonces = new NonceBook(context.shared, "http-signatures nonce", lifeMs);
    this.slot = context.reserveSlot();
    const covered = config.components.map((name) => `\\"${name}\\"`).join(" ");
    this.challenge = `Signature realm="heddle", headers="${covered}"`;
    this.requestBody = {
      mode: "buffer",
      maxBytes: config.maxBodyBytes,
      whole: (exchange, bytes) => this.checkBody(exchange, bytes),
    };
  }

  requestHead(exchange: Exchange): void {
    const credentials = Credentials.of(exchange);
    const sent = readSignatures(exchange);
    if (sent === undefined) {
      credentials.challenge(this.challenge);
      return;
    }
    const found = sent === null ? "malformed" : this.verify(exchange, sent);
    if (typeof found === "string") {
      this.context.count(found);
      credentials.reject(reasons[found], this.challenge);
    } else {
      credentials.accept(found.principal);
    }
  }

  /** The first signature by a key that is known counts: others are for others. */
  private verify(exchange: Exchange, sent: readonly SentSignature[]): StoredKey | Refusal {
    for (const one of sent) {
      if (this.config.tag !== "" && parameterOf(one.input, "tag", "string") !== this.config.tag) continue;
      const keyId = parameterOf(one.input, "keyid", "string");
      const key = typeof keyId === "string" ? this.keys.find(keyId) : null;
      if (key !== null) return this.verifyOne(exchange, one, key) ?? key;
    }
    return "unknown-key";
  }

  private verifyOne(exchange: Exchange, { input, signature }: SentSignature, key: StoredKey): Refusal | null {
    const nowMs = this.context.clock.wallMs();
    const named = parameterOf(input, "alg", "string");
    if (named !== undefined && named !== key.algorithm) return "algorithm";
    if (key.expiresMs <= nowMs) return "expired-key";
    const untimely = this.checkParameters(input, nowMs);
    if (untimely !== null) return untimely;
    const digests = this.checkCoverage(exchange, input);
    if (typeof digests === "string") return digests;
    const base = signatureBase(exchange, input);
    if (base === null) return "component";
    if (!verifySignature(key.algorithm, key.key, base, signature)) return "bad-signature";
    if (exchange.request.bodyLength === 0 && digests !== null && !hasDigests(new Uint8Array(), digests))
      return "digest";
    exchange.slots![this.slot] = digests;
    return this.useNonce(exchange, input, key) ? null : "replay";
  }

  /** Section 3.2.1: what an application has to say about the parameters. */
  private checkParameters(input: SentSignature["input"], nowMs: number): Refusal | null {
    const { maxAgeMs, clockSkewMs, requiresNonce } = this.config;
    const created = parameterOf(input, "created", "integer");
    const expires = parameterOf(input, "expires", "integer");
    const nonce = parameterOf(input, "nonce", "string");
    if (typeof created !== "number" || expires === null || nonce === null) return "parameters";
    if (requiresNonce && (nonce === undefined || nonce === "")) return "parameters";
    if (nonce !== undefined && nonce.length > maxNonceLength) return "parameters";
    const ageMs = nowMs - created * 1000;
    if (ageMs < -clockSkewMs || ageMs > maxAgeMs + clockSkewMs) return "time";
    if (expires !== undefined && expires * 1000 + clockSkewMs < nowMs) return "time";
    return null;
  }

  /** The digests that the body has to have; null for none. */
  private checkCoverage(
    { request }: Exchange,
    input: SentSignature["input"],
  ): readonly ExpectedDigest[] | null | Refusal {
    const { components, contentDigest } = this.config;
    const covered = coveredBy(input);
    const hasTarget = covered.has("@target-uri");
    for (const name of components) {
      if (!covered.has(name) && !(hasTarget && partsOfTarget.includes(name))) return "uncovered";
    }
    const digests = coveredDigests(input);
    if (digests === null)
      return contentDigest === "required" && request.bodyLength !== 0 ? "uncovered" : null;
    return parseContentDigest(request.fields.getList("content-digest") ?? "", digests) ?? "digest";
  }

  /** Last: what somebody else made up must not use up a signer's nonces. */
  private useNonce(exchange: Exchange, input: SentSignature["input"], key: StoredKey): boolean {
    if (!this.config.requiresNonce) return true;
    const nonce = parameterOf(input, "nonce", "string");
    return typeof nonce === "string" && this.nonces.use(exchange, key.keyId, nonce);
  }

  private checkBody(exchange: Exchange, bytes: Uint8Array): Reply | undefined {
    const digests = exchange.slots![this.slot] as readonly ExpectedDigest[] | null | undefined;
    if (digests === undefined || digests === null || hasDigests(bytes, digests)) return undefined;
    this.context.count("digest");
    return {
      status: 401,
      headers: [
        ["content-type", "text/plain; charset=utf-8"],
        ["www-authenticate", this.challenge],
      ],
      body: `${reasons.digest}\n`,
    };
  }
}

/**
 * Events: `malformed`, `unknown-key`, `algorithm`, `expired-key`, `parameters`, `time`, `uncovered`, `component`,
 * `bad-signature`, `digest`, `replay`.
 */
export const httpSignatures: FilterFactory<HttpSignaturesConfig> = {
  name: "http-signatures",
  create: (config, context) => new HttpSignatures(config, context),
};
