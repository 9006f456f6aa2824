import { createHash } from "node:crypto";
import type { DataRef, FilterContext } from "@heddle/engine/filter";
import { Fields, RequestHead } from "@heddle/engine/message";
import { askCluster } from "../ask-cluster/index.ts";
import { ExpiringMap } from "../expiring-map/index.ts";
import type { IntrospectionConfig } from "./config.ts";
import { readFinding } from "./finding.ts";
import type { TokenFinding } from "./finding.ts";

/** An answer is a few claims. */
const MAX_ANSWER_BYTES = 65_536;

/** Questions under way at a time: a flood of tokens that nobody knows must not become one of questions. */
const MAX_PENDING = 256;

/** An answer that is kept. */
interface Kept {
  readonly finding: TokenFinding;
  /** What its token says of its end, by the wall clock. */
  readonly expiresMs: number;
}

/** Asks about each token once, and remembers what was said, by the token's digest alone. */
export class Introspector {
  private readonly config: IntrospectionConfig;
  private readonly context: FilterContext;
  private readonly secret: DataRef;
  private readonly kept: ExpiringMap<Kept>;
  private readonly pending = new Map<string, Promise<TokenFinding | null>>();

  constructor(config: IntrospectionConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.secret = context.data(config.clientSecret);
    this.kept = new ExpiringMap(config.maxEntries);
  }

  /** Null: nobody said anything. Without a promise where it is known. */
  find(token: string): TokenFinding | null | Promise<TokenFinding | null> {
    const key = createHash("sha256").update(token).digest("base64");
    const { clock } = this.context;
    // How long ago it was asked is told by the clock that nobody sets; a revoked token is in use no longer than that.
    const known = this.kept.get(key, clock.now());
    if (known !== undefined && clock.wallMs() < known.expiresMs) return known.finding;
    const before = this.pending.get(key);
    if (before !== undefined) return before;
    if (this.pending.size >= MAX_PENDING) return null;
    const asked = this.ask(key, token).finally(() => this.pending.delete(key));
    this.pending.set(key, asked);
    return asked;
  }

  private async ask(key: string, token: string): Promise<TokenFinding | null> {
    const { config, context } = this;
    const secret = this.secret.value;
    if (typeof secret !== "string" || secret === "") return null;
    const answer = await askCluster(
      context,
      config.cluster,
      this.questionHead(secret),
      this.body(token, secret),
      {
        timeoutMs: config.timeoutMs,
        maxBytes: MAX_ANSWER_BYTES,
        // Others may wait for the same answer.
        signal: null,
      },
    );
    if ("failure" in answer || answer.status !== 200) return null;
    const now = context.clock.wallMs();
    const finding = readFinding(Buffer.from(answer.body).toString("utf8"), config, now);
    if (finding !== null) this.keep(key, finding);
    return finding;
  }

  private keep(key: string, finding: TokenFinding): void {
    const { cacheTtlMs, negativeTtlMs } = this.config;
    const ttlMs = finding.isActive ? cacheTtlMs : negativeTtlMs;
    const expiresMs = finding.isActive ? finding.expiresMs : Number.POSITIVE_INFINITY;
    if (ttlMs > 0) this.kept.set(key, { finding, expiresMs }, this.context.clock.now() + ttlMs);
  }

  private questionHead(secret: string): RequestHead {
    const { authority, path, clientId, clientAuthentication } = this.config;
    const fields = Fields.of([
      ["content-type", "application/x-www-form-urlencoded"],
      ["accept", "application/json"],
    ]);
    if (clientAuthentication === "basic") {
      // RFC 6749 section 2.3.1: both are encoded before.
      const pair = `${formEncode(clientId)}:${formEncode(secret)}`;
      fields.set("authorization", `Basic ${Buffer.from(pair).toString("base64")}`);
    }
    return new RequestHead("POST", "http", authority, path, "", fields);
  }

  private body(token: string, secret: string): Buffer {
    const { clientId, clientAuthentication } = this.config;
    const fields = new URLSearchParams({ token, token_type_hint: "access_token" });
    if (clientAuthentication === "post") {
      fields.set("client_id", clientId);
      fields.set("client_secret", secret);
    }
    return Buffer.from(fields.toString());
  }
}

const formEncode = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);
