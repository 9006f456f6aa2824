import type { Static } from "typebox";
import { int32, keyedList, list, optional, struct, withDefault } from "../schema/build.ts";
import { conditions, pendingConditions } from "./condition.ts";
import { routeGroupKindSchema } from "./listener.ts";
import { sectionName } from "./names.ts";

const listenerStatusSchema = struct({
  attachedRoutes: int32(),
  conditions,
  name: sectionName,
  supportedKinds: optional(list(routeGroupKindSchema, { maxItems: 8 })),
});
export type ListenerStatus = Static<typeof listenerStatusSchema>;

const pending = pendingConditions("Accepted", "Programmed");

/** The status fields of whatever has listeners. */
export const listenersStatusFields = {
  conditions: withDefault(conditions, pending),
  listeners: optional(keyedList(["name"], listenerStatusSchema, { maxItems: 64 })),
};

export const pendingStatus = { conditions: pending };
