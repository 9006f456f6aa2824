import type { Static } from "typebox";
import { choice, integer, keyedList, optional, struct, text } from "../schema/build.ts";

/** One finding about a resource, such as Accepted: True, as `metav1.Condition` has it. */
const conditionSchema = struct({
  lastTransitionTime: text({ format: "date-time" }),
  message: text({ maxLength: 32768 }),
  observedGeneration: optional(integer({ minimum: 0, format: "int64" })),
  reason: text({
    minLength: 1,
    maxLength: 1024,
    pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
    description: "a reason in one word, such as NoMatchingParent",
  }),
  status: choice(["True", "False", "Unknown"]),
  type: text({
    maxLength: 316,
    pattern:
      "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
    description: "a condition type, such as Accepted",
  }),
});

export type Condition = Static<typeof conditionSchema>;

export const conditions = keyedList(["type"], conditionSchema, { maxItems: 8 });

/** Conditions of a parent or ancestor: there is always one at least. */
export const someConditions = keyedList(["type"], conditionSchema, { minItems: 1, maxItems: 8 });

/** The conditions that a resource has until a controller has looked at it. */
export function pendingConditions(...types: string[]): Condition[] {
  return types.map((type) => ({
    lastTransitionTime: "1970-01-01T00:00:00Z",
    message: "Waiting for controller",
    reason: "Pending",
    status: "Unknown",
    type,
  }));
}
