import type { Filter, FilterFactory } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";
import { changePath } from "../path-change/index.ts";
import type { RewriteConfig } from "./config.ts";

/** Changes what the upstream sees; logs and later filters find the client's in `originalPath` and `originalAuthority`. */
class Rewrite implements Filter {
  readonly name = "rewrite";
  private readonly config: RewriteConfig;

  constructor(config: RewriteConfig) {
    this.config = config;
  }

  requestHead(exchange: Exchange): void {
    const { hostname, path } = this.config;
    const { request } = exchange;
    if (hostname !== "") request.authority = hostname;
    // "*" of OPTIONS names the server, not a path.
    if (path !== null && request.path !== "*") {
      request.path = changePath(request.path, exchange.matchedPath, path);
    }
  }
}

export const rewrite: FilterFactory<RewriteConfig> = {
  name: "rewrite",
  create: (config) => new Rewrite(config),
};
