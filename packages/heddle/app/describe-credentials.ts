import type { ApiKeyConfig, CredentialSource } from "@heddle/filters";
import type { GatewayFilterSpec } from "../compile/index.ts";

/** What filters that ask for credentials, or guard browsers and bodies, do to a request, in words. */
export function credentialEffect(spec: GatewayFilterSpec): string {
  switch (spec.name) {
    case "api-key":
      return apiKeyEffect(spec.config);
    default:
      return "";
  }
}

function apiKeyEffect({ sources, format, isForwarded }: ApiKeyConfig): string {
  const kind = format === "any" ? "API keys of any form" : "API keys";
  return `takes ${kind} from ${sources.map(placeOf).join(" or ")}${isForwarded ? "" : ", and removes them"}`;
}

function placeOf({ in: place, name, scheme }: CredentialSource): string {
  return `${place} ${name}${scheme === "" ? "" : ` after ${scheme}`}`;
}
