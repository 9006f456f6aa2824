import { isFieldValue, isToken } from "@heddle/engine/message";
import type { Fields } from "@heddle/engine/message";
import type { FieldChange } from "./verdict.ts";

/** What frames a message, or names its receiver: the proxy's own, whatever a service says (RFC 9110 section 7.6.1). */
const framing: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Whether the field is for others to set than the proxy: no pseudo-header and nothing that frames. Lower-case. */
export const isChangeable = (name: string): boolean => !name.startsWith(":") && !framing.has(name);

export const isGoodField = (name: string, value: string): boolean => isToken(name) && isFieldValue(value);

export function applyChanges(changes: readonly FieldChange[], fields: Fields): void {
  for (const { action, name, value } of changes) {
    const isThere = action === "set" || action === "add" || fields.has(name);
    if (action === "add-if-absent" ? isThere : !isThere) continue;
    if (action === "set" || action === "set-if-present") fields.set(name, value);
    else fields.add(name, value);
  }
}
