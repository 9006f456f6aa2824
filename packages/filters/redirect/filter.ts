import type { Filter, FilterFactory, Reply } from "@heddle/engine/filter";
import { hostOf } from "@heddle/engine/message";
import type { Exchange, Scheme } from "@heddle/engine/message";
import { changePath } from "../path-change/index.ts";
import type { RedirectConfig } from "./config.ts";

const schemePorts: Readonly<Record<Scheme, number>> = { http: 80, https: 443 };

/**
 * Answers with a redirection. Location is built from checked parts only: a parsed authority, the normalised path, a
 * query that the codec let through, and configuration; so nothing in it can end the field (threats 11).
 */
class Redirect implements Filter {
  readonly name = "redirect";
  private readonly config: RedirectConfig;

  constructor(config: RedirectConfig) {
    this.config = config;
  }

  requestHead(exchange: Exchange): Reply {
    const location = this.origin(exchange) + this.path(exchange) + exchange.request.query;
    return { status: this.config.statusCode, headers: [["location", location]], body: "" };
  }

  /** "" for a request without a host (HTTP/1.0) where none is configured: Location may be relative. */
  private origin(exchange: Exchange): string {
    const { config } = this;
    const host = config.hostname || hostOf(exchange.originalAuthority);
    if (host === "") return "";
    const scheme = config.scheme || exchange.request.scheme;
    const port = config.port || (config.scheme === "" ? exchange.peer.localPort : schemePorts[config.scheme]);
    // 0: a caller in this process, which came by no port.
    return port === 0 || port === schemePorts[scheme] ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
  }

  private path(exchange: Exchange): string {
    const path = exchange.originalPath;
    const changed =
      this.config.path === null ? path : changePath(path, exchange.matchedPath, this.config.path);
    // "*" of OPTIONS is no path and would become part of the host.
    return changed.startsWith("/") ? changed : "/";
  }
}

export const redirect: FilterFactory<RedirectConfig> = {
  name: "redirect",
  create: (config) => new Redirect(config),
};
