import { charsetOf, isJsonType, mediaTypeOf, readJson } from "../bounded-json/index.ts";
import type { FieldError } from "../bounded-json/index.ts";
import { decodePart } from "../template/index.ts";
import type { ApiContent } from "./config.ts";
import { readPairs } from "./message-parts.ts";
import { isArrayShape, listOf, scalarsOf } from "./read-value.ts";
import type { SchemaChecker } from "./schema-checker.ts";

/** How a body is read: those of other kinds are known by their type alone. */
export type BodyKind = "json" | "form" | "text" | "other";

/** The content that a type falls under: the exact one, then "type/*", then everything. Undefined: none. */
export function contentFor(contents: readonly ApiContent[], mediaType: string): ApiContent | undefined {
  const whole = `${mediaType.slice(0, mediaType.indexOf("/"))}/*`;
  return (
    contents.find(({ range }) => range === mediaType) ??
    contents.find(({ range }) => range === whole) ??
    contents.find(({ range }) => range === "*/*")
  );
}

export function kindOf(contentType: string): BodyKind {
  const mediaType = mediaTypeOf(contentType);
  if (isJsonType(mediaType)) return "json";
  if (mediaType === "application/x-www-form-urlencoded") return "form";
  return mediaType.startsWith("text/") && mediaType !== "text/event-stream" ? "text" : "other";
}

/** Whether its octets are looked at. */
export const isRead = (content: ApiContent, kind: BodyKind): boolean =>
  kind === "json" || (kind !== "other" && content.schema >= 0);

export interface BodyBounds {
  readonly maxDepth: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What is wrong with a body; null: nothing. */
export function checkBody(
  bytes: Uint8Array,
  contentType: string,
  content: ApiContent,
  checker: SchemaChecker,
  { maxDepth }: BodyBounds,
): FieldError | null {
  const charset = charsetOf(contentType);
  const kind = kindOf(contentType);
  const isUtf8 = charset === "" || charset === "utf-8" || charset === "utf8" || charset === "us-ascii";
  if (!isUtf8) return { in: "body", detail: "must be in UTF-8" };
  if (kind === "json") {
    const reading = readJson(bytes, { maxDepth });
    if ("problem" in reading) return { in: "body", detail: reading.problem };
    return bodyError(checker.check(content.schema, reading.value, bytes.length));
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { in: "body", detail: "is not in UTF-8" };
  }
  return kind === "form" ? checkForm(text, content, checker) : checkText(text, content, checker);
}

function checkText(text: string, { schema, shape }: ApiContent, checker: SchemaChecker): FieldError | null {
  let first: FieldError | null = null;
  for (const value of scalarsOf(text, shape.types)) {
    const error = bodyError(checker.check(schema, value));
    if (error === null) return null;
    first ??= error;
  }
  return first;
}

/** Each name once, but for lists, as query parameters in style form. */
function checkForm(text: string, { schema, shape }: ApiContent, checker: SchemaChecker): FieldError | null {
  const table = readPairs(text);
  if (table === null) return { in: "body", detail: "has a broken escape, or too many fields" };
  const value: Record<string, unknown> = {};
  for (const [name, raw] of table) {
    const texts = raw.map(decodePart);
    const at = { in: "body", name: name.slice(0, 128) };
    if (texts.includes(null)) return { ...at, detail: "has a broken escape" };
    const property = shape.properties?.find(([known]) => known === name)?.[1];
    const isList = property !== undefined && isArrayShape(property);
    if (name === "__proto__" || (texts.length > 1 && !isList))
      return { ...at, detail: "is given twice, or is no name" };
    value[name] = isList
      ? listOf(texts as string[], property)
      : scalarsOf(texts[0]!, property?.types ?? ["string"])[0];
  }
  return bodyError(checker.check(schema, value));
}

const bodyError = (error: { pointer: string; detail: string } | null): FieldError | null =>
  error === null ? null : { in: "body", pointer: error.pointer, detail: error.detail };
