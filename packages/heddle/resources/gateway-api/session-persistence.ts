import type { Static } from "typebox";
import { choice, optional, struct, text, withDefault } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { duration } from "./names.ts";

interface Persistence {
  type: string;
  absoluteTimeout?: string;
  cookieConfig?: { lifetimeType: string };
}

/** Keeps a client on the endpoint that answered it first. */
export const sessionPersistenceSchema = struct(
  {
    absoluteTimeout: optional(duration),
    cookieConfig: optional(
      struct({ lifetimeType: withDefault(choice(["Permanent", "Session"]), "Session") }),
    ),
    sessionName: optional(text({ maxLength: 128 })),
    type: withDefault(choice(["Cookie", "Header"]), "Cookie"),
  },
  {
    rules: [
      rule<Persistence>(
        "permanent-cookie-has-timeout",
        "AbsoluteTimeout must be specified when cookie lifetimeType is Permanent",
        (self) => self.cookieConfig?.lifetimeType !== "Permanent" || self.absoluteTimeout !== undefined,
      ),
      rule<Persistence>(
        "cookie-config-for-cookie",
        "cookieConfig can only be set with type Cookie",
        (self) => self.cookieConfig === undefined || self.type === "Cookie",
      ),
    ],
  },
);
export type SessionPersistence = Static<typeof sessionPersistenceSchema>;
