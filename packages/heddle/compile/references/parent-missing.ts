import { gatewayGroup, makeKey } from "../../resources/index.ts";
import { readPresence, type FactReader } from "../pass/facts.ts";
import type { OwnerName } from "../values/listener-id.ts";

/**
 * What to say of a parent that is none of ours: nothing where it is there, for another controller or reported by
 * itself.
 */
export function parentMissing(
  kind: OwnerName["kind"],
  namespace: string,
  name: string,
  facts: FactReader,
): string | null {
  switch (readPresence(facts, makeKey(gatewayGroup, kind, namespace, name))) {
    case "present":
      return null;
    case "rejected":
      return `${kind} ${namespace}/${name} has errors; mend it first`;
    case "absent":
      return `there is no ${kind} ${namespace}/${name}`;
  }
}
