import type { Static } from "typebox";
import { choice, integer, optional, struct, text, withDefault } from "../../schema/build.ts";
import { textSourceSchema } from "./text-source.ts";

const allowOrDeny = choice(["Deny", "Allow"]);

export const openApiSchema = struct({
  /** OpenAPI 3.0 or 3.1, in JSON or YAML. */
  document: textSourceSchema(65_536),
  /** DryRun lets everything pass, and counts. */
  mode: withDefault(choice(["Enforce", "DryRun"]), "Enforce"),
  responses: withDefault(
    struct({
      mode: withDefault(choice(["Off", "Enforce", "DryRun"]), "Off"),
      unknownStatuses: withDefault(allowOrDeny, "Allow"),
    }),
    {},
  ),
  /** In place of the paths of the document's servers. */
  basePath: optional(
    text({
      minLength: 1,
      maxLength: 1024,
      pattern: "^/[!-~]*$",
      description: "a path such as /v1, or / for none",
    }),
  ),
  unknownPaths: withDefault(allowOrDeny, "Deny"),
  unknownQueryParameters: withDefault(allowOrDeny, "Deny"),
  /** Properties that are readOnly, in requests. */
  readOnlyProperties: withDefault(allowOrDeny, "Deny"),
  maxBodyBytes: withDefault(integer({ minimum: 1, maximum: 16_777_216 }), 1_048_576),
  /** Of objects and lists in each other. */
  maxDepth: withDefault(integer({ minimum: 1, maximum: 256 }), 64),
});
export type OpenApiSpec = Static<typeof openApiSchema>;
