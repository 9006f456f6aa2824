import { isFieldValue, isFramingName, isToken } from "@heddle/engine/message";
import type { Fields } from "@heddle/engine/message";
import type { FieldChange } from "./verdict.ts";

/** Whether the field is for others to set than the proxy: no pseudo-header and nothing that frames. Lower-case. */
export const isChangeable = (name: string): boolean => !name.startsWith(":") && !isFramingName(name);

export const isGoodField = (name: string, value: string): boolean => isToken(name) && isFieldValue(value);

export function applyChanges(changes: readonly FieldChange[], fields: Fields): void {
  for (const { action, name, value } of changes) {
    const isThere = action === "set" || action === "add" || fields.has(name);
    if (action === "add-if-absent" ? isThere : !isThere) continue;
    if (action === "set" || action === "set-if-present") fields.set(name, value);
    else fields.add(name, value);
  }
}
