import type {
  ApiKeyConfig,
  BasicConfig,
  ClientCertificateConfig,
  CredentialSource,
  CsrfConfig,
  HmacConfig,
  HttpSignaturesConfig,
  RequestLimitsConfig,
  SecurityHeadersConfig,
} from "@heddle/filters";
import type { GatewayFilterSpec } from "../../../compile/index.ts";
import { originText } from "./origin-text.ts";

/** What filters that ask for credentials, or guard browsers and bodies, do to a request, in words. */
export function credentialEffect(spec: GatewayFilterSpec): string {
  switch (spec.name) {
    case "api-key":
      return apiKeyEffect(spec.config);
    case "basic":
      return basicEffect(spec.config);
    case "client-certificate":
      return clientCertificateEffect(spec.config);
    case "http-signatures":
      return httpSignaturesEffect(spec.config);
    case "hmac":
      return hmacEffect(spec.config);
    case "csrf":
      return csrfEffect(spec.config);
    case "security-headers":
      return securityHeadersEffect(spec.config);
    case "request-limits":
      return requestLimitsEffect(spec.config);
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

function basicEffect({ realm, isForwarded }: BasicConfig): string {
  return `takes names and passwords for ${realm}${isForwarded ? "" : ", and removes them"}`;
}

function clientCertificateEffect({ allowed, authorities, isForwarded }: ClientCertificateConfig): string {
  const whose = allowed.length === 0 ? "" : ` of ${allowed.map(({ value }) => value).join(" or ")}`;
  const by = authorities.length === 0 ? "" : ` issued by ${authorities.join(" or ")}`;
  const told = isForwarded ? ", and tells the backend in x-forwarded-client-cert" : "";
  return `takes verified client certificates${whose}${by}${told}`;
}

function httpSignaturesEffect(config: HttpSignaturesConfig): string {
  const { components, contentDigest, maxAgeMs, requiresNonce } = config;
  const covered = contentDigest === "required" ? [...components, "content-digest of bodies"] : components;
  const once = requiresNonce ? ", each nonce once" : "";
  return `takes signatures over ${covered.join(", ")}, up to ${maxAgeMs / 1000} s old${once}`;
}

function hmacEffect(config: HmacConfig): string {
  const { subject, header, content, timestamp, maxAgeMs, refusesReplays } = config;
  const parts = content.map((part) => ("value" in part ? `${part.type} ${part.value}` : part.type));
  const age = timestamp === null ? "" : `, up to ${maxAgeMs / 1000} s old`;
  return `takes requests of ${subject} by the HMAC in ${header} over ${parts.join(", ")}${age}${refusesReplays ? ", each once" : ""}`;
}

function csrfEffect({ allowedOrigins, withoutOrigin }: CsrfConfig): string {
  const allowed = ["the site's own", ...allowedOrigins.map(originText)].join(", ");
  const others = withoutOrigin === "allow" ? "" : ", and without one";
  return `answers 403 to requests with an effect from other origins than ${allowed}${others}`;
}

function securityHeadersEffect({ headers, remove }: SecurityHeadersConfig): string {
  const all = [
    ...headers.map(
      ({ name, value, onlyHttps, keepsExisting }) =>
        `${keepsExisting ? "adds" : "sets"} ${name}: ${value}${onlyHttps ? " (over TLS)" : ""}`,
    ),
    ...remove.map((name) => `removes ${name}`),
  ];
  return `response headers: ${all.join(", ")}`;
}

function requestLimitsEffect({ maxBodyBytes, contentTypes }: RequestLimitsConfig): string {
  const types = contentTypes.map(({ type, subtype, suffix }) =>
    suffix === "" ? `${type}/${subtype === "" ? "*" : subtype}` : `${type}/*+${suffix}`,
  );
  return [
    ...(maxBodyBytes < 0 ? [] : [`answers 413 to bodies over ${maxBodyBytes} bytes`]),
    ...(types.length === 0 ? [] : [`answers 415 to bodies of other types than ${types.join(", ")}`]),
  ].join(", ");
}
