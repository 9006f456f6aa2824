import { corsOrigin } from "../../gateway-api/http-cors-filter.ts";
import { choice, set, struct, withDefault } from "../../schema/build.ts";

export const csrfSchema = struct({
  /** Off: for a route below one that has it. */
  mode: withDefault(choice(["Enforce", "Off"]), "Enforce"),
  /** Pages of these may send requests with an effect, beside the site's own. */
  allowedOrigins: withDefault(set(corsOrigin, { maxItems: 64 }), []),
  /** Of requests that say nothing of their origin, as those of no browser do. */
  withoutOrigin: withDefault(choice(["Allow", "Refuse"]), "Allow"),
});
