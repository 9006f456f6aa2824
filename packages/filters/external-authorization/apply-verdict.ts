import type { RequestHead } from "@heddle/engine/message";
import { applyChanges } from "./field-change.ts";
import type { AllowedVerdict } from "./verdict.ts";

/** Makes the request what the service wants the upstream to see. */
export function applyVerdict(verdict: AllowedVerdict, request: RequestHead): void {
  for (const name of verdict.requestRemovals) request.fields.delete(name);
  applyChanges(verdict.requestChanges, request.fields);
  if (verdict.querySet.length > 0 || verdict.queryRemovals.length > 0) changeQuery(verdict, request);
}

/** Parameters that are not named stay as they came, octet by octet. */
function changeQuery({ querySet, queryRemovals }: AllowedVerdict, request: RequestHead): void {
  const gone = new Set([...queryRemovals, ...querySet.map(([key]) => key)]);
  const kept = request.query
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "" && !gone.has(keyOf(pair)));
  const added = querySet.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  const pairs = [...kept, ...added];
  request.query = pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

/** As servers read it: + is a space, and an escape that is none is itself. */
function keyOf(pair: string): string {
  const at = pair.indexOf("=");
  const key = (at < 0 ? pair : pair.slice(0, at)).replaceAll("+", " ");
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
