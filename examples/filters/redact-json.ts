import { defineFilter } from "@heddle/filters/define";
import { Type } from "typebox";

/**
 * Blanks fields of JSON responses, at any depth. It needs a response as a whole, so it asks for a bound: a longer one is
 * answered with 502 (HDL_BODY_BUFFER_FULL) rather than let through as it is, and what claims to be JSON and is none with 500.
 */
export default defineFilter({
  name: "redact-json",
  schema: Type.Object(
    {
      fields: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
      with: Type.String({ default: "***" }),
      maxBytes: Type.Integer({ minimum: 1, maximum: 16_777_216, default: 1_048_576 }),
    },
    { additionalProperties: false },
  ),
  create({ fields, with: replacement, maxBytes }, context) {
    const names = new Set(fields);
    const redact = (key: string, value: unknown): unknown => (names.has(key) ? replacement : value);
    return {
      requestHead(exchange) {
        // What is compressed, or a part, could not be read.
        exchange.request.fields.delete("accept-encoding");
        exchange.request.fields.delete("range");
      },
      responseBody: {
        mode: "buffer",
        maxBytes,
        whole(exchange, bytes) {
          const type = exchange.response?.fields.get("content-type") ?? "";
          if (!/^application\/([\w.-]+\+)?json\b/i.test(type)) return undefined;
          context.count("redacted");
          // Throws for what is no JSON: 500, and nothing of it goes out.
          return Buffer.from(JSON.stringify(JSON.parse(Buffer.from(bytes).toString("utf8")), redact));
        },
      },
    };
  },
});
