import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { Credentials, Exchange, OfferedLogin } from "@heddle/engine/message";
import type { AuthenticationConfig } from "./config.ts";

/**
 * Lets a request go on with the principal of the first authenticator that accepted. It answers 401 (RFC 9110 section
 * 15.5.2) with what all of them would take when one of them rejected, whatever the others say; when none accepted and
 * there is a credential that nobody knows; and when there is none and anonymous requests are not allowed: then who
 * offers a login may answer instead.
 *
 * Its list's findings end here: those of a backend's own list begin anew. Who was let in as anonymous there keeps the
 * principal of the list before.
 */
class Authentication implements Filter {
  readonly name = "authentication";
  private readonly allowsAnonymous: boolean;
  private readonly context: FilterContext;

  constructor(config: AuthenticationConfig, context: FilterContext) {
    this.allowsAnonymous = config.allowsAnonymous;
    this.context = context;
  }

  requestHead(exchange: Exchange): Reply | undefined | Promise<Reply> {
    const { credentials } = exchange;
    exchange.credentials = null;
    if (credentials === null) return this.allowsAnonymous ? undefined : this.refuse("missing", []);
    const { principal, rejection, isUnclaimed, challenges } = credentials;
    if (rejection !== "") return this.refuse("rejected", challenges);
    if (principal !== null) {
      exchange.principal = principal;
      return undefined;
    }
    if (isUnclaimed) return this.refuse("unclaimed", unknownCredential(credentials));
    if (this.allowsAnonymous) return undefined;
    return credentials.login === null
      ? this.refuse("missing", challenges)
      : this.sendToLogin(credentials.login);
  }

  private sendToLogin(login: OfferedLogin): Reply | Promise<Reply> {
    this.context.count("sent-to-login");
    return login();
  }

  private refuse(event: string, challenges: readonly string[]): Reply {
    this.context.count(event);
    const headers = challenges.map((text) => ["www-authenticate", text] as const);
    // A 401 must say what would be taken; where nothing that a request can carry would, it is forbidden.
    return headers.length === 0 ? forbidden : { status: 401, headers, body: "" };
  }
}

const forbidden: Reply = { status: 403, headers: [], body: "" };

/** Whoever saw it and knew that it was none of theirs has said what they take, or they say it by this. */
function unknownCredential({ challenges }: Credentials): readonly string[] {
  return challenges.length > 0 ? challenges : ['Bearer realm="heddle", error="invalid_token"'];
}

export const authentication: FilterFactory<AuthenticationConfig> = {
  name: "authentication",
  create: (config, context) => new Authentication(config, context),
};
