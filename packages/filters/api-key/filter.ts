import type { Filter, FilterContext, FilterFactory } from "@heddle/engine/filter";
import { Credentials } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import { AMBIGUOUS, dropCredential, readCredential } from "../credential-source/index.ts";
import type { CredentialSource } from "../credential-source/index.ts";
import type { ApiKeyConfig } from "./config.ts";
import { KeyRing } from "./key-ring.ts";
import type { KeyRefusal } from "./key-ring.ts";

/** What is said of a key that is not taken: nothing that its sender does not know. */
const reasons: Readonly<Record<KeyRefusal, string>> = {
  other: "what was sent is no API key",
  mistyped: "the API key is mistyped: its checksum is of another",
  unknown: "the API key is not known",
  expired: "the API key has expired",
  "no-keys": "no API key is known",
};

/**
 * Says who a request is of by the API key it has. Without a key it would take one; with more than one, or with one
 * that is not good, the request is refused, whatever else it has.
 */
class ApiKey implements Filter {
  readonly name = "api-key";
  private readonly sources: readonly CredentialSource[];
  private readonly isForwarded: boolean;
  private readonly format: "heddle" | "any";
  private readonly context: FilterContext;
  private readonly keys: KeyRing;
  private readonly challenge: string;

  constructor(config: ApiKeyConfig, context: FilterContext) {
    this.sources = config.sources;
    this.isForwarded = config.isForwarded;
    this.format = config.format;
    this.context = context;
    this.keys = new KeyRing(context.data(config.keys), config.format);
    this.challenge = challengeFor(config.sources[0]);
  }

  requestHead(exchange: Exchange): void {
    const { request } = exchange;
    const credentials = Credentials.of(exchange);
    let found: string | typeof AMBIGUOUS | undefined;
    let at: CredentialSource | undefined;
    for (const source of this.sources) {
      const here = readCredential(request, source);
      if (here === undefined) continue;
      found = found === undefined ? here : AMBIGUOUS;
      at = source;
    }
    if (found === undefined) credentials.challenge(this.challenge);
    else if (found === AMBIGUOUS) this.refuse(credentials, "ambiguous", "more than one API key was sent");
    else this.check(exchange, credentials, found, at!);
  }

  private check(
    { request }: Exchange,
    credentials: Credentials,
    text: string,
    source: CredentialSource,
  ): void {
    const found = this.keys.find(text, this.context.clock.wallMs());
    if (typeof found !== "string") {
      credentials.accept(found);
      if (!this.isForwarded) dropCredential(request, source);
    } else if (this.mayBeOthers(found, source)) {
      credentials.unclaimed();
    } else {
      this.refuse(credentials, found, reasons[found]);
    }
  }

  /** A bearer token that has not the form of a key, or where keys have none, may be another authenticator's. */
  private mayBeOthers(refusal: KeyRefusal, { scheme }: CredentialSource): boolean {
    if (scheme.toLowerCase() !== "bearer") return false;
    return refusal === "other" || (refusal === "unknown" && this.format === "any");
  }

  private refuse(credentials: Credentials, event: string, reason: string): void {
    this.context.count(event);
    credentials.reject(reason, this.challenge);
  }
}

/** No scheme is registered for keys in fields of their own: the field is named, which is what a person needs. */
function challengeFor(source: CredentialSource): string {
  if (source.scheme !== "") return `${source.scheme} realm="heddle"`;
  return `ApiKey realm="heddle", ${source.in}="${source.name}"`;
}

/** Events: `other`, `mistyped`, `unknown`, `expired`, `no-keys`, `ambiguous`. */
export const apiKey: FilterFactory<ApiKeyConfig> = {
  name: "api-key",
  create: (config, context) => new ApiKey(config, context),
};
