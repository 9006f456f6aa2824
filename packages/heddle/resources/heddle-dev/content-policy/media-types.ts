import { set, text } from "../../schema/build.ts";

/** Media types: one, all of a kind ("text/*"), or all with a suffix ("+json"). */
export const mediaTypes = set(
  text({
    maxLength: 127,
    pattern: "^([a-z0-9!#$&^_.-]+/([a-z0-9!#$&^_.+-]+|\\*)|\\+[a-z0-9!#$&^_.-]+)$",
    description: "a media type in lower case such as application/json, text/* or +json",
  }),
  { minItems: 1, maxItems: 64 },
);
