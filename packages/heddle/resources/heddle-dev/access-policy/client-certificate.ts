import type { Static } from "typebox";
import { objectName } from "../../gateway-api/names.ts";
import { choice, flag, list, optional, set, struct, text, withDefault } from "../../schema/build.ts";

const name = text({ minLength: 1, maxLength: 1024 });
const names = set(name, { minItems: 1, maxItems: 256 });

export const clientCertificateSchema = struct({
  /** One of all of these has to fit; without any, whatever the listener verified is taken. */
  allowed: optional(
    struct({
      /** Such as spiffe://shop.example/ns/shop/sa/orders; with "/*" at the end all below. */
      uris: optional(names),
      /** Such as orders.shop.example or *.shop.example. */
      dnsNames: optional(
        set(
          text({
            minLength: 1,
            maxLength: 253,
            pattern: "^(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$",
            description: "a DNS name such as orders.shop.example or *.shop.example",
          }),
          { minItems: 1, maxItems: 256 },
        ),
      ),
      emails: optional(names),
      commonNames: optional(names),
      /** Such as "CN=orders, O=Shop". */
      subjects: optional(names),
      /** SHA-256 of certificates in hex, with or without colons. */
      fingerprints: optional(
        set(
          text({
            maxLength: 95,
            pattern: "^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$",
            description: "a SHA-256 fingerprint: 64 hex digits, with or without colons",
          }),
          { minItems: 1, maxItems: 256 },
        ),
      ),
    }),
  ),
  /** Authorities, in `ca.crt`, one of which has to have issued it; by default any of the listener's. */
  caCertificateRefs: optional(
    list(struct({ kind: withDefault(choice(["ConfigMap", "Secret"]), "ConfigMap"), name: objectName }), {
      minItems: 1,
      maxItems: 8,
    }),
  ),
  /** What its owner is called. */
  subject: withDefault(choice(["Auto", "URI", "DNS", "Email", "CommonName", "Subject"]), "Auto"),
  /** Whether the backend is told of it, in X-Forwarded-Client-Cert. */
  forward: withDefault(flag(), false),
});
export type ClientCertificateSpec = Static<typeof clientCertificateSchema>;
