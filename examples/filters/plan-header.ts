import { defineFilter, textReply } from "@heddle/filters/define";
import { Type } from "typebox";

/**
 * Tells the backend the quota of the caller's plan. Whoever authenticated the caller, a JWT say, has put its claims into
 * `exchange.principal`; the configuration has the quota of each plan. Callers without a plan get 403.
 */
export default defineFilter({
  name: "plan-header",
  schema: Type.Object(
    {
      claim: Type.String({ default: "plan" }),
      header: Type.String({ default: "x-quota" }),
      quotas: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
    },
    { additionalProperties: false },
  ),
  create({ claim, header, quotas }, context) {
    // One of each exchange: the filter itself is shared by all of them.
    const plan = context.slot<string>();
    return {
      requestHead(exchange) {
        // What the client sends under that name is no quota of ours.
        exchange.request.fields.delete(header);
        const named = exchange.principal?.claims[claim];
        if (typeof named !== "string" || !Object.hasOwn(quotas, named)) {
          context.count("no-plan");
          return textReply(403, "no plan\n");
        }
        plan.set(exchange, named);
        exchange.request.fields.set(header, String(quotas[named]));
        return undefined;
      },
      responseHead(exchange, head) {
        const found = plan.get(exchange);
        if (found !== undefined) head.fields.set("x-plan", found);
      },
    };
  },
});
