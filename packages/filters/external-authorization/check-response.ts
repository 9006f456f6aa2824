import { isChangeable, isGoodField } from "./field-change.ts";
import { broken, BrokenMessage, MessageReader } from "./message-reader.ts";
import type { FieldAction, FieldChange, NoVerdict, Verdict } from "./verdict.ts";

/**
 * Reads a CheckResponse of envoy.service.auth.v3 (external_auth.proto):
 *
 *   CheckResponse      { google.rpc.Status status = 1; DeniedHttpResponse denied_response = 2; OkHttpResponse ok_response = 3;
 *                        DeniedHttpResponse error_response = 5; }
 *   DeniedHttpResponse { HttpStatus status = 1; repeated HeaderValueOption headers = 2; string body = 3; }
 *   OkHttpResponse     { repeated HeaderValueOption headers = 2; repeated string headers_to_remove = 5;
 *                        repeated HeaderValueOption response_headers_to_add = 6;
 *                        repeated QueryParameter query_parameters_to_set = 7; repeated string query_parameters_to_remove = 8; }
 *   HeaderValueOption  { HeaderValue header = 1; BoolValue append = 2; HeaderAppendAction append_action = 3; }
 *   HeaderValue        { string key = 1; string value = 2; bytes raw_value = 3; }
 *   QueryParameter     { string key = 1; string value = 2; }
 *
 * Dynamic metadata, and fields that are not known, are passed by. A message that says nothing, which is what a handler
 * gives that forgot to answer, is no verdict; neither is one that cannot be read, or asks for fields that no message can
 * have: a request is never let through with a part of what the service asked for.
 */
export function readCheckResponse(bytes: Uint8Array): Verdict | NoVerdict {
  try {
    return readVerdict(new MessageReader(bytes));
  } catch (error) {
    if (error instanceof BrokenMessage) return { failure: "malformed", isBroken: true };
    throw error;
  }
}

/** google.rpc.Status { int32 code = 1 }: 0 is OK, and left out by those who write it. */
function readVerdict(response: MessageReader): Verdict | NoVerdict {
  const status = response.message(1);
  const denied = response.message(2);
  const ok = response.message(3);
  const error = response.message(5);
  // What is denied in so many words is denied, whatever the code says.
  if (denied !== null) return readDenied(denied);
  if (error !== null) return { failure: "error-response", isBroken: false };
  if (status === null && ok === null) broken();
  return status === null || status.varint(1) === 0 ? readAllowed(ok) : readDenied(null);
}

/** What is to be set and to be removed is removed, as Envoy has it, which removes last. */
function readAllowed(ok: MessageReader | null): Verdict {
  const removals = (ok?.texts(5) ?? []).map((name) => name.toLowerCase()).filter(isChangeable);
  const queryRemovals = ok?.texts(8) ?? [];
  return {
    isAllowed: true,
    requestChanges: readChanges(ok, 2, "set").filter(({ name }) => !removals.includes(name)),
    requestRemovals: removals,
    responseChanges: readChanges(ok, 6, "add"),
    querySet: (ok?.messages(7) ?? [])
      .map((one) => [one.text(1), one.text(2)] as const)
      .filter(([key]) => !queryRemovals.includes(key)),
    queryRemovals,
  };
}

/** Statuses that a denial may have; anything else, 200 and none among them, is 403. */
function readDenied(denied: MessageReader | null): Verdict {
  const code = denied?.message(1)?.varint(1) ?? 0;
  return {
    isAllowed: false,
    reply: {
      status: code >= 300 && code <= 599 ? code : 403,
      headers: withoutRepeats(readChanges(denied, 2, "set")),
      body: denied?.text(3) ?? "",
    },
  };
}

/** As replies have them: of several to be set under one name the last holds, cookies are all there. */
function withoutRepeats(changes: readonly FieldChange[]): readonly (readonly [string, string])[] {
  const isLast = (change: FieldChange, at: number) =>
    change.action === "add" ||
    change.name === "set-cookie" ||
    !changes.slice(at + 1).some(({ name }) => name === change.name);
  return changes.filter(isLast).map(({ name, value }) => [name, value] as const);
}

function readChanges(from: MessageReader | null, number: number, otherwise: FieldAction): FieldChange[] {
  return (from?.messages(number) ?? []).flatMap((option) => readChange(option, otherwise) ?? []);
}

/** Null for what is not a service's to change, which Envoy ignores too. */
function readChange(option: MessageReader, otherwise: FieldAction): FieldChange | null {
  const header = option.message(1) ?? broken();
  const name = header.text(1).toLowerCase();
  const action = readAction(option, otherwise);
  const value = headerValue(header);
  if (!isChangeable(name)) return null;
  if (!isGoodField(name, value)) broken();
  return { action, name, value };
}

/** In the octets that it came in, which a text has in UTF-8. */
function headerValue(header: MessageReader): string {
  header.text(2);
  const raw = header.bytes(3);
  const bytes = raw !== null && raw.length > 0 ? raw : header.bytes(2);
  return bytes === null ? "" : Buffer.from(bytes).toString("latin1");
}

const actions: readonly FieldAction[] = ["add", "add-if-absent", "set", "set-if-present"];

/**
 * `append` (a BoolValue) goes first where it is there; of `append_action` 0, append, is what stands there when nothing
 * was said, so it means the default of the place: set for requests and denials, add for responses.
 */
function readAction(option: MessageReader, otherwise: FieldAction): FieldAction {
  const action = option.varint(3);
  const append = option.message(2);
  if (append !== null) return append.varint(1) === 0 ? "set" : "add";
  return action === 0 ? otherwise : (actions[action] ?? broken());
}
