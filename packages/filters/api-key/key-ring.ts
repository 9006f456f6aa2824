import type { DataRef } from "@heddle/engine/filter";
import type { Principal } from "@heddle/engine/message";
import { digestHeadLength } from "./config.ts";
import type { ApiKeyRecord, ApiKeyTable } from "./config.ts";
import { apiKeyDigest, keyFormOf, maxKeyLength } from "./key-format.ts";

/** Why a text is not taken for a key; "other" has not even the form of one. */
export type KeyRefusal = "other" | "mistyped" | "unknown" | "expired" | "no-keys";

/** A key that was found. */
interface KnownKey {
  readonly principal: Principal;
  /** Infinity for never. */
  readonly expiresMs: number;
}

/** Of keys in use at a time: twice as many are remembered at most. */
const maxRemembered = 4096;

/**
 * The keys of one data unit. A key in use is remembered by its text, so that neither its checksum nor its hash is
 * reckoned for each request; until the keys change, and never past its expiry.
 *
 * The look-up is by digest: who tries keys cannot choose what is compared, and so learns nothing from how long it takes;
 * the part of the digest that is not looked up by is compared in constant time besides.
 */
export class KeyRing {
  private readonly data: DataRef;
  private readonly format: "heddle" | "any";
  private version = -1;
  private table: ApiKeyTable | undefined;
  /** Two generations: what was not asked for while one filled is forgotten. */
  private recent = new Map<string, KnownKey>();
  private older = new Map<string, KnownKey>();

  constructor(data: DataRef, format: "heddle" | "any") {
    this.data = data;
    this.format = format;
  }

  /** Who shows a key, or why nobody does. */
  find(text: string, nowMs: number): Principal | KeyRefusal {
    if (this.data.version !== this.version) this.reload();
    const known = this.recent.get(text) ?? this.recall(text);
    if (known === undefined) return this.lookUp(text, nowMs);
    return known.expiresMs > nowMs ? known.principal : "expired";
  }

  private reload(): void {
    this.version = this.data.version;
    this.table = this.data.value as ApiKeyTable | undefined;
    this.recent = new Map();
    this.older = new Map();
  }

  private recall(text: string): KnownKey | undefined {
    const known = this.older.get(text);
    if (known !== undefined) this.remember(text, known);
    return known;
  }

  private lookUp(text: string, nowMs: number): Principal | KeyRefusal {
    const { table } = this;
    if (table === undefined) return "no-keys";
    const form = keyFormOf(text);
    if (this.format === "heddle" && form !== "good") return form;
    if (text.length > maxKeyLength) return "other";
    const digest = apiKeyDigest(text);
    const head = digest.slice(0, digestHeadLength);
    const record = Object.hasOwn(table.keys, head) ? table.keys[head] : undefined;
    if (record === undefined || !isSame(record.rest, digest, digestHeadLength)) {
      return form === "mistyped" ? "mistyped" : "unknown";
    }
    const expiresMs = record.expiresMs === 0 ? Infinity : record.expiresMs;
    if (expiresMs <= nowMs) return "expired";
    const known = { principal: principalOf(record), expiresMs };
    // A copy: the text is a slice of a request's head, and would keep all of that. Letters that octets do not hold would
    // come back as others, and make another text a key.
    const copy = Buffer.from(text, "latin1").toString("latin1");
    if (copy === text) this.remember(copy, known);
    return known.principal;
  }

  private remember(text: string, known: KnownKey): void {
    if (this.recent.size >= maxRemembered) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(text, known);
  }
}

/** Whether `digest` goes on with `rest` at `from`: in the same time wherever they differ. */
function isSame(rest: string, digest: string, from: number): boolean {
  let difference = rest.length ^ (digest.length - from);
  for (let at = 0; at < rest.length; at++) difference |= rest.charCodeAt(at) ^ digest.charCodeAt(from + at);
  return difference === 0;
}

/** Scopes as OAuth 2.0 writes them (RFC 6749 section 3.3), so that rules on claims serve keys and tokens alike. */
function principalOf({ id, consumer, scopes, metadata }: ApiKeyRecord): Principal {
  const claims: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(metadata)) claims[name] = value;
  claims["scope"] = scopes.join(" ");
  claims["key_id"] = id;
  return Object.freeze({ subject: consumer, issuer: "", method: "api-key", claims: Object.freeze(claims) });
}
