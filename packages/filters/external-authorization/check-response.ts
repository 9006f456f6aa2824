import { isChangeable, isGoodField } from "./field-change.ts";
import { readFields, readText } from "./protobuf.ts";
import type { ReadField } from "./protobuf.ts";
import type { FieldAction, FieldChange, Verdict } from "./verdict.ts";

/**
 * Reads a CheckResponse of envoy.service.auth.v3 (external_auth.proto):
 *
 *   CheckResponse      { google.rpc.Status status = 1; DeniedHttpResponse denied_response = 2; OkHttpResponse ok_response = 3; }
 *   DeniedHttpResponse { HttpStatus status = 1; repeated HeaderValueOption headers = 2; string body = 3; }
 *   OkHttpResponse     { repeated HeaderValueOption headers = 2; repeated string headers_to_remove = 5;
 *                        repeated HeaderValueOption response_headers_to_add = 6;
 *                        repeated QueryParameter query_parameters_to_set = 7; repeated string query_parameters_to_remove = 8; }
 *   HeaderValueOption  { HeaderValue header = 1; BoolValue append = 2; HeaderAppendAction append_action = 3; }
 *   HeaderValue        { string key = 1; string value = 2; bytes raw_value = 3; }
 *   QueryParameter     { string key = 1; string value = 2; }
 *
 * Dynamic metadata is passed by. Null: it is no such message, or asks for fields that no message can have; a request
 * is never let through with a part of what the service asked for.
 */
export function readCheckResponse(bytes: Uint8Array): Verdict | null {
  const fields = readFields(bytes);
  if (fields === null) return null;
  try {
    const code = readStatusCode(last(fields, 1));
    const denied = last(fields, 2);
    const ok = last(fields, 3);
    // What is denied in so many words is denied, whatever the code says.
    return code === 0 && denied === null ? readAllowed(ok) : readDenied(denied);
  } catch (error) {
    if (error instanceof BrokenMessage) return null;
    throw error;
  }
}

class BrokenMessage extends Error {}

function broken(): never {
  throw new BrokenMessage();
}

const fieldsOf = (bytes: Uint8Array | null): ReadField[] => readFields(bytes ?? broken()) ?? broken();
const textOf = (bytes: Uint8Array | null): string => readText(bytes) ?? broken();

/** The last one counts, as in all of protobuf. */
function last(fields: readonly ReadField[], number: number): ReadField | null {
  for (let at = fields.length - 1; at >= 0; at--) if (fields[at]!.number === number) return fields[at]!;
  return null;
}

/** google.rpc.Status { int32 code = 1 }. Without a status the answer is 0 = OK, as servers leave defaults out. */
function readStatusCode(status: ReadField | null): number {
  return status === null ? 0 : (last(fieldsOf(status.bytes), 1)?.value ?? 0);
}

function readAllowed(ok: ReadField | null): Verdict {
  const fields = ok === null ? [] : fieldsOf(ok.bytes);
  const texts = (number: number) =>
    fields.flatMap((one) => (one.number === number ? [textOf(one.bytes)] : []));
  return {
    isAllowed: true,
    requestChanges: readChanges(fields, 2, "set"),
    requestRemovals: texts(5)
      .map((name) => name.toLowerCase())
      .filter(isChangeable),
    responseChanges: readChanges(fields, 6, "add"),
    querySet: fields.flatMap((one) => (one.number === 7 ? [readParameter(one)] : [])),
    queryRemovals: texts(8),
  };
}

/** Statuses that a denial may have; anything else, 200 and none among them, is 403. */
function readDenied(denied: ReadField | null): Verdict {
  const fields = denied === null ? [] : fieldsOf(denied.bytes);
  const status = last(fields, 1);
  const code = status === null ? 0 : (last(fieldsOf(status.bytes), 1)?.value ?? 0);
  const body = last(fields, 3);
  return {
    isAllowed: false,
    reply: {
      status: code >= 300 && code <= 599 ? code : 403,
      headers: withoutRepeats(readChanges(fields, 2, "set")),
      body: body === null ? "" : textOf(body.bytes),
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

function readChanges(fields: readonly ReadField[], number: number, otherwise: FieldAction): FieldChange[] {
  return fields.flatMap((one) => {
    const change = one.number === number ? readChange(one, otherwise) : null;
    return change === null ? [] : [change];
  });
}

/** Null for what is not a service's to change, which Envoy ignores too. */
function readChange(option: ReadField, otherwise: FieldAction): FieldChange | null {
  const fields = fieldsOf(option.bytes);
  const header = fieldsOf(last(fields, 1)?.bytes ?? null);
  const name = textOf(last(header, 1)?.bytes ?? null).toLowerCase();
  if (!isChangeable(name)) return null;
  const value = headerValue(header);
  if (!isGoodField(name, value)) broken();
  return { action: readAction(fields, otherwise), name, value };
}

function headerValue(header: readonly ReadField[]): string {
  const raw = last(header, 3);
  if (raw !== null && raw.bytes !== null && raw.bytes.length > 0)
    return Buffer.from(raw.bytes).toString("latin1");
  const value = last(header, 2);
  return value === null ? "" : textOf(value.bytes);
}

const actions: readonly FieldAction[] = ["add", "add-if-absent", "set", "set-if-present"];

/**
 * `append` (a BoolValue) goes first where it is there; of `append_action` 0, append, is what stands there when nothing
 * was said, so it means the default of the place: set for requests and denials, add for responses.
 */
function readAction(fields: readonly ReadField[], otherwise: FieldAction): FieldAction {
  const append = last(fields, 2);
  if (append !== null) return last(fieldsOf(append.bytes), 1)?.value === 1 ? "add" : "set";
  const action = last(fields, 3)?.value ?? 0;
  return action === 0 ? otherwise : (actions[action] ?? broken());
}

function readParameter(field: ReadField): readonly [string, string] {
  const fields = fieldsOf(field.bytes);
  const value = last(fields, 2);
  return [textOf(last(fields, 1)?.bytes ?? null), value === null ? "" : textOf(value.bytes)];
}
