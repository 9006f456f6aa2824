import { headerName } from "../../gateway-api/http-header.ts";
import { choice, set, struct, text, withDefault } from "../../schema/build.ts";
import { everyItem } from "../../schema/rule.ts";

/** A header's value; "" sends none. */
const value = text({
  maxLength: 8192,
  pattern: "^$|^[!-~]([ -~]*[!-~])?$",
  description: "a header value of visible ASCII characters, or empty for no header",
});

/** What a message needs to be read. */
const needed =
  /^(content-.*|transfer-encoding|connection|upgrade|trailer|location|set-cookie|www-authenticate)$/i;

export const securityHeadersSchema = struct({
  strictTransportSecurity: withDefault(
    text({
      maxLength: 128,
      pattern: "^$|^max-age=[0-9]{1,10}(; includeSubDomains)?(; preload)?$",
      description: "such as max-age=31536000; includeSubDomains, or empty for no header",
    }),
    "max-age=31536000",
  ),
  contentTypeOptions: withDefault(choice(["nosniff", ""]), "nosniff"),
  frameOptions: withDefault(choice(["DENY", "SAMEORIGIN", ""]), "DENY"),
  contentSecurityPolicy: withDefault(value, "base-uri 'self'; object-src 'none'; frame-ancestors 'none'"),
  referrerPolicy: withDefault(
    choice([
      "no-referrer",
      "no-referrer-when-downgrade",
      "same-origin",
      "origin",
      "strict-origin",
      "origin-when-cross-origin",
      "strict-origin-when-cross-origin",
      "unsafe-url",
      "",
    ]),
    "strict-origin-when-cross-origin",
  ),
  permissionsPolicy: withDefault(value, ""),
  crossOriginOpenerPolicy: withDefault(
    choice(["same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none", ""]),
    "",
  ),
  crossOriginResourcePolicy: withDefault(choice(["same-origin", "same-site", "cross-origin", ""]), ""),
  /** Of a header that the backend sends itself. */
  existing: withDefault(choice(["Keep", "Replace"]), "Keep"),
  /** Headers of backends that are taken off. */
  remove: withDefault(
    set(headerName, {
      maxItems: 32,
      rules: [
        everyItem<string>(
          "removed-header-free",
          "must not be a header that a message needs, such as Content-Type",
          (name) => !needed.test(name),
        ),
      ],
    }),
    ["X-Powered-By"],
  ),
});
