import type { Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";
import { matchOrigin } from "../cors/index.ts";
import type { CsrfConfig } from "./config.ts";
import { isOwnOrigin } from "./own-origin.ts";

/** RFC 9110 section 9.2.1, without TRACE, which nothing needs. */
const safeMethods: readonly string[] = ["GET", "HEAD", "OPTIONS"];

const refusal: Reply = {
  status: 403,
  headers: [["content-type", "text/plain; charset=utf-8"]],
  body: "this request was made by a page of another site, which is not allowed to\n",
};

/**
 * Refuses requests with an effect that a page of another site had the browser send, with the user's cookies. Browsers
 * say so themselves: in Sec-Fetch-Site (Fetch Metadata, all since 2023), which no page can set, and in Origin. No
 * token, no cookie, nothing to keep (OWASP, "Cross-Site Request Forgery Prevention", Fetch Metadata).
 *
 * A WebSocket is an effect too, though it begins with GET, and CORS does not hold for it.
 */
class Csrf implements Filter {
  readonly name = "csrf";
  private readonly config: CsrfConfig;
  private readonly context: FilterContext;

  constructor(config: CsrfConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
  }

  requestHead(exchange: Exchange): Reply | undefined {
    const { method, upgrade } = exchange.request;
    if (upgrade === "" && safeMethods.includes(method)) return undefined;
    if (this.isAllowed(exchange)) return undefined;
    this.context.count("refused");
    return refusal;
  }

  private isAllowed(exchange: Exchange): boolean {
    const { fields } = exchange.request;
    const sites = fields.getAll("sec-fetch-site");
    const origins = fields.getAll("origin");
    // Of several nobody can say which one others will read (threats 14).
    if (sites.length > 1 || origins.length > 1) return false;
    if (origins.length === 1 && matchOrigin(origins[0], this.config.allowedOrigins)) return true;
    // "none": the user did it, by a bookmark or the address bar.
    if (sites.length === 1) return sites[0] === "same-origin" || sites[0] === "none";
    if (origins.length === 0) return this.config.withoutOrigin === "allow";
    return isOwnOrigin(origins[0], exchange.originalAuthority, exchange.request.scheme);
  }
}

/** Event: `refused`. */
export const csrf: FilterFactory<CsrfConfig> = {
  name: "csrf",
  create: (config, context) => new Csrf(config, context),
};
