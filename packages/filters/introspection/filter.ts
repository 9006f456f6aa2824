import type { Filter, FilterContext, FilterFactory } from "@heddle/engine/filter";
import { Credentials } from "@heddle/engine/message";
import type { Exchange, Fields } from "@heddle/engine/message";
import { ClaimHeaders, fillClaimHeaders } from "../jwt/index.ts";
import type { IntrospectionConfig } from "./config.ts";
import type { TokenFinding } from "./finding.ts";
import { Introspector } from "./introspector.ts";

const challenge = 'Bearer realm="heddle"';

/** b64token of RFC 6750 section 2.1. */
const bearer = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** Longer ones are nobody's. */
const MAX_TOKEN_CHARS = 4_096;

/**
 * Takes opaque bearer tokens by what their authorization server says of them. It looks at what no way before it has
 * claimed: a token that JWT took, or refused, is not asked about. Nobody's word is nobody's token: it fails closed.
 */
class Introspection implements Filter {
  readonly name = "introspection";
  private readonly config: IntrospectionConfig;
  private readonly context: FilterContext;
  private readonly introspector: Introspector;
  private readonly claimHeaders: ClaimHeaders;

  constructor(config: IntrospectionConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.introspector = new Introspector(config, context);
    this.claimHeaders = new ClaimHeaders(config.claimHeaders);
  }

  requestHead(exchange: Exchange): Promise<void> | undefined {
    const { fields } = exchange.request;
    const credentials = Credentials.of(exchange);
    this.claimHeaders.strip(fields, credentials);
    if (credentials.principal !== null || credentials.rejection !== "") return undefined;
    const values = fields.getAll("authorization");
    const token = values.length === 1 ? bearer.exec(values[0]!)?.[1] : undefined;
    if (token === undefined) {
      if (values.length > 1) this.refuse(credentials, "invalid_request", "there is more than one token");
      else credentials.challenge(challenge);
      return undefined;
    }
    if (token.length > MAX_TOKEN_CHARS) {
      this.refuse(credentials, "invalid_token", "the token is too long");
      return undefined;
    }
    const found = this.introspector.find(token);
    if (found instanceof Promise) return found.then((finding) => this.settle(finding, exchange, credentials));
    this.settle(found, exchange, credentials);
    return undefined;
  }

  requestTrailers(_exchange: Exchange, trailers: Fields): void {
    this.claimHeaders.stripTrailers(trailers);
  }

  private settle(finding: TokenFinding | null, { request }: Exchange, credentials: Credentials): void {
    if (finding === null) {
      this.context.count("failed");
      credentials.reject("the token could not be checked", challenge);
    } else if (finding.isActive) {
      this.context.count("accepted");
      credentials.accept(finding.principal);
      fillClaimHeaders(finding.headers, request.fields, credentials);
      if (!this.config.forwards) request.fields.delete("authorization");
    } else {
      this.refuse(credentials, "invalid_token", finding.reason);
    }
  }

  private refuse(credentials: Credentials, error: string, reason: string): void {
    this.context.count("rejected");
    credentials.reject(reason, `${challenge}, error="${error}", error_description="${reason}"`);
  }
}

/** Events: `accepted`, `rejected`, `failed` (the authorization server said nothing of use). */
export const introspection: FilterFactory<IntrospectionConfig> = {
  name: "introspection",
  create: (config, context) => new Introspection(config, context),
};
