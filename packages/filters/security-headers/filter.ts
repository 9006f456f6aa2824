import type { Filter, FilterFactory } from "@heddle/engine/filter";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import type { SecurityHeadersConfig } from "./config.ts";

/** Gives every response, Heddle's own too, the headers by which browsers protect its user. */
class SecurityHeaders implements Filter {
  readonly name = "security-headers";
  private readonly config: SecurityHeadersConfig;

  constructor(config: SecurityHeadersConfig) {
    this.config = config;
  }

  responseHead({ request }: Exchange, { fields }: ResponseHead): void {
    for (const name of this.config.remove) fields.delete(name);
    const isHttps = request.scheme === "https";
    for (const { name, value, onlyHttps, keepsExisting } of this.config.headers) {
      if (onlyHttps && !isHttps) continue;
      if (fields.has(name)) {
        if (keepsExisting) continue;
        fields.delete(name);
      }
      fields.add(name, value);
    }
  }
}

export const securityHeaders: FilterFactory<SecurityHeadersConfig> = {
  name: "security-headers",
  create: (config) => new SecurityHeaders(config),
};
