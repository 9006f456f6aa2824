import type { Rule } from "../../schema/rule.ts";

/** What frames messages or says where they go is Heddle's own. */
const taken =
  /^(connection|content-length|expect|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i;

export const isTakenHeader = (name: string): boolean => taken.test(name);

/** For lists of objects with a name. */
export const freeHeaderRule: Rule = {
  name: "header-free",
  message: "must not be a header that frames or routes the message",
  offender(self) {
    const at = (self as { name: string }[]).findIndex(({ name }) => taken.test(name));
    return at < 0 ? undefined : `[${at}].name`;
  },
};
