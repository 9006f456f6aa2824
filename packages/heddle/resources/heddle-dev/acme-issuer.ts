import type { Static } from "typebox";
import { conditions } from "../gateway-api/condition.ts";
import { parseDurationMs } from "../gateway-api/go-duration.ts";
import { duration, objectName } from "../gateway-api/names.ts";
import { defineKind, type ResourceOf } from "../kind.ts";
import { choice, flag, list, optional, refine, set, struct, text, withDefault } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { heddleGroup } from "./backend.ts";

const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** What goes to a CA and comes from it decides about keys and names: never in the clear, but on this machine. */
const directoryRule = rule<string>(
  "directory-is-https",
  "must be a URL such as https://ca.example/directory, without user and fragment; http is for loopback addresses only",
  (self) => {
    const url = URL.canParse(self) ? new URL(self) : undefined;
    if (url === undefined || url.username !== "" || url.password !== "" || self.includes("#")) return false;
    return url.protocol === "https:" || (url.protocol === "http:" && loopbackHost.test(url.hostname));
  },
);

const emailRule = rule<string[]>(
  "emails-valid",
  "must be addresses such as ops@example.com, one in each entry",
  // RFC 8555 section 7.3: one address and no header fields in a mailto URL.
  (self) => self.every((email) => /^[^\s@,?%&]+@[^\s@,?%&]+$/.test(email)),
);

const renewBeforeRule = rule<string>("renew-before-bounds", "must be from 1m to 2400h", (self) => {
  const ms = parseDurationMs(self) ?? -1;
  return ms >= 60_000 && ms <= 8_640_000_000;
});

const caCertificateRef = struct({
  group: withDefault(choice([""]), ""),
  kind: withDefault(choice(["ConfigMap", "Secret"]), "ConfigMap"),
  name: objectName,
});

const acmeIssuerSpecSchema = struct({
  /** The CA's directory (RFC 8555 section 7.1.1). */
  directory: text({ minLength: 1, maxLength: 2048, rules: [directoryRule] }),
  /** Where the CA reaches whoever is responsible. */
  emails: withDefault(list(text({ minLength: 3, maxLength: 254 }), { maxItems: 8, rules: [emailRule] }), []),
  termsOfServiceAgreed: withDefault(flag(), false),
  /** In order of preference. */
  challenges: withDefault(
    set(choice(["http-01", "tls-alpn-01"]), {
      maxItems: 2,
      rules: [
        rule<string[]>(
          "challenges-not-empty",
          "must have http-01 or tls-alpn-01, or be left out",
          (self) => self.length > 0,
        ),
      ],
    }),
    ["http-01", "tls-alpn-01"],
  ),
  keyType: withDefault(
    choice(["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096"]),
    "ecdsa-p256",
  ),
  /** Binds the account to one that the CA knows otherwise (RFC 8555 section 7.3.4). */
  externalAccountBinding: optional(
    struct({
      keyId: text({ minLength: 1, maxLength: 1024 }),
      /** A Secret of the issuer's namespace; its key holds the HMAC key as the CA gave it, in base64url. */
      secretRef: struct({
        name: objectName,
        key: withDefault(text({ minLength: 1, maxLength: 253 }), "hmac-key"),
      }),
    }),
  ),
  /** Bundles in `ca.crt` that the directory's own certificate is checked with; by default the system's. */
  caCertificateRefs: optional(list(caCertificateRef, { minItems: 1, maxItems: 8 })),
  /** How long before its end a certificate is renewed; by default a third of its life. The CA's advice wins. */
  renewBefore: optional(refine(duration, { rules: [renewBeforeRule] })),
});
export type AcmeIssuerSpec = Static<typeof acmeIssuerSpecSchema>;

export const acmeIssuerKind = defineKind({
  group: heddleGroup,
  version: "v1alpha1",
  kind: "AcmeIssuer",
  plural: "acmeissuers",
  namespaced: true,
  isStrict: true,
  fields: {
    spec: acmeIssuerSpecSchema,
    status: optional(struct({ conditions: optional(conditions) })),
  },
});
/** A certificate authority that speaks ACME, and the account there. Listeners name it in `tls.options`. */
export type AcmeIssuer = ResourceOf<typeof acmeIssuerKind>;
