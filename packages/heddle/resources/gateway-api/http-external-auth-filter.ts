import type { Static } from "typebox";
import { choice, integer, optional, set, struct, text } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { backendObjectReferenceSchema } from "./reference.ts";

interface ExternalAuth {
  protocol: string;
  grpc?: unknown;
  http?: unknown;
}

const allowedHeaders = optional(set(text(), { maxItems: 64 }));

/** Asks another service whether a request may pass. */
export const httpExternalAuthFilterSchema = struct(
  {
    backendRef: backendObjectReferenceSchema,
    forwardBody: optional(struct({ maxSize: optional(integer()) })),
    grpc: optional(struct({ allowedHeaders })),
    http: optional(
      struct({
        allowedHeaders,
        allowedResponseHeaders: allowedHeaders,
        path: optional(
          text({
            maxLength: 1024,
            pattern: "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$",
            description: "a path such as /check, other characters percent-encoded",
          }),
        ),
      }),
    ),
    protocol: choice(["HTTP", "GRPC"]),
  },
  {
    rules: [
      rule<ExternalAuth>(
        "grpc-for-protocol-grpc",
        "grpc must be specified when protocol is set to 'GRPC'",
        (self) => self.protocol !== "GRPC" || self.grpc !== undefined,
      ),
      rule<ExternalAuth>(
        "grpc-only-for-protocol-grpc",
        "protocol must be 'GRPC' when grpc is set",
        (self) => self.grpc === undefined || self.protocol === "GRPC",
      ),
      rule<ExternalAuth>(
        "http-for-protocol-http",
        "http must be specified when protocol is set to 'HTTP'",
        (self) => self.protocol !== "HTTP" || self.http !== undefined,
      ),
      rule<ExternalAuth>(
        "http-only-for-protocol-http",
        "protocol must be 'HTTP' when http is set",
        (self) => self.http === undefined || self.protocol === "HTTP",
      ),
    ],
  },
);
export type HTTPExternalAuthFilter = Static<typeof httpExternalAuthFilterSchema>;
