import { trimAround } from "@heddle/engine/message";
import { readJson } from "../bounded-json/index.ts";
import { decodePart } from "../template/index.ts";
import type { ApiParameter, ApiShape } from "./config.ts";
import type { PairTable } from "./message-parts.ts";
import {
  assignmentsOf,
  isArrayShape,
  isObjectShape,
  listOf,
  objectOf,
  pairsOf,
  scalarsOf,
} from "./read-value.ts";

/** What a parameter is: its possible values, absent, or why it is none. */
export type ParameterReading =
  | { readonly values: readonly unknown[] }
  | { readonly problem: string }
  | "absent";

const twice: ParameterReading = { problem: "is given twice" };
const malformed: ParameterReading = { problem: "is malformed" };
const badEscape: ParameterReading = { problem: "has a broken escape" };

/** A value from its texts: one where it is no list of repeated parameters. Texts are still escaped where `decode` says. */
type Decode = (text: string) => string | null;
const plain: Decode = (text) => text;

export function readPathParameter(
  { style, explode, name, shape }: ApiParameter,
  text: string,
  maxDepth: number,
): ParameterReading {
  if (style === "json") return readJsonText(decodeSegment(text), maxDepth);
  if (style === "simple") return readDelimited(text, ",", explode, shape, decodeSegment);
  if (style === "label") {
    return text.startsWith(".") ? readLabel(text.slice(1), explode, shape) : malformed;
  }
  return readMatrix(text, name, explode, shape);
}

/**
 * ".1.2" and ".a=1.b=2" exploded. Otherwise ".1,2" (RFC 6570 section 3.2.5), or ".1.2" as the tables of OpenAPI 3.0.0 to
 * 3.1.0 had it: where there is no comma it may be either.
 */
function readLabel(text: string, explode: boolean, shape: ApiShape): ParameterReading {
  const reading = readDelimited(text, explode ? "." : ",", explode, shape, decodeSegment);
  const isCompound = isArrayShape(shape) || isObjectShape(shape);
  if (explode || !isCompound || text.includes(",") || !text.includes(".")) return reading;
  const older = readDelimited(text, ".", false, shape, decodeSegment);
  if (!hasValues(reading)) return older;
  return hasValues(older) ? { values: [...reading.values, ...older.values] } : reading;
}

const hasValues = (reading: ParameterReading): reading is { readonly values: readonly unknown[] } =>
  reading !== "absent" && "values" in reading;

/** ";id=1,2" and, exploded, ";id=1;id=2" or ";a=1;b=2". What is empty has no "=" (RFC 6570 section 3.2.7). */
function readMatrix(text: string, name: string, explode: boolean, shape: ApiShape): ParameterReading {
  const parts = text.split(";").map((part) => (part === "" || part.includes("=") ? part : `${part}=`));
  if (parts.shift() !== "") return malformed;
  if (explode && isObjectShape(shape)) return readObject(assignmentsOf(parts), shape, decodeSegment);
  const values = assignmentsOf(parts);
  if (values === null || values.some(([one]) => one !== name)) return malformed;
  const texts = values.map(([, value]) => value);
  if (explode && isArrayShape(shape)) return readList(texts, shape, decodeSegment);
  if (texts.length !== 1) return texts.length === 0 ? malformed : twice;
  return readDelimited(texts[0]!, ",", false, shape, decodeSegment);
}

export function readHeaderParameter(
  { style, explode, shape }: ApiParameter,
  values: readonly string[],
  maxDepth: number,
): ParameterReading {
  if (values.length === 0) return "absent";
  const isCompound = isArrayShape(shape) || isObjectShape(shape);
  // A list may stand on several lines (RFC 9110 section 5.3); of a scalar each reader would take another one.
  if (values.length > 1 && !(isCompound && style !== "json")) return twice;
  const text = values.join(",");
  if (style === "json") return readJsonText(text, maxDepth);
  return readDelimited(isCompound ? trimAround(text, ",") : text, ",", explode, shape, plain);
}

/** Of a query or of cookies. */
export function readPairParameter(
  parameter: ApiParameter,
  table: PairTable,
  maxDepth: number,
): ParameterReading {
  const { name, style, explode, shape, allowsEmpty } = parameter;
  const decode = parameter.in === "query" ? decodePart : plain;
  if (style === "deepObject") return readDeepObject(name, shape, table);
  if (explode && isObjectShape(shape)) return readExplodedObject(parameter, table, decode);
  const texts = table.get(name);
  if (texts === undefined) return "absent";
  if (allowsEmpty && texts.length === 1 && texts[0] === "") return { values: [] };
  if (explode && isArrayShape(shape)) return readList(texts, shape, decode);
  if (texts.length > 1) return twice;
  const [text] = texts;
  if (style === "json") return readJsonText(decode(text!), maxDepth);
  return readDelimited(text!, style, false, shape, decode);
}

/** The names that an exploded object takes of a query. */
function readExplodedObject({ shape }: ApiParameter, table: PairTable, decode: Decode): ParameterReading {
  const pairs: [string, string][] = [];
  for (const [name] of shape.properties ?? []) {
    const texts = table.get(name);
    if (texts === undefined) continue;
    if (texts.length > 1) return twice;
    pairs.push([name, texts[0]!]);
  }
  return pairs.length === 0 ? "absent" : readObject(pairs, shape, decode);
}

/** "filter[color]=red&filter[size]=1" */
function readDeepObject(name: string, shape: ApiShape, table: PairTable): ParameterReading {
  const pairs: [string, string][] = [];
  for (const [key, texts] of table) {
    if (!key.startsWith(`${name}[`)) continue;
    if (!key.endsWith("]")) return malformed;
    if (texts.length > 1) return twice;
    pairs.push([key.slice(name.length + 1, -1), texts[0]!]);
  }
  return pairs.length === 0 ? "absent" : readObject(pairs, shape, decodePart);
}

type Delimiter = "," | "." | ApiParameter["style"];

function partsOf(text: string, delimiter: Delimiter): string[] {
  if (delimiter === "spaceDelimited") return text.split(/%20|\+| /);
  if (delimiter === "pipeDelimited") return text.split(/\||%7C/i);
  return text.split(delimiter === "." ? "." : ",");
}

function readDelimited(
  text: string,
  delimiter: Delimiter,
  explode: boolean,
  shape: ApiShape,
  decode: Decode,
): ParameterReading {
  if (isArrayShape(shape)) return readList(text === "" ? [] : partsOf(text, delimiter), shape, decode);
  if (isObjectShape(shape)) {
    const parts = partsOf(text, delimiter);
    return readObject(explode ? assignmentsOf(parts) : pairsOf(parts), shape, decode);
  }
  const decoded = decode(text);
  return decoded === null ? badEscape : { values: scalarsOf(decoded, shape.types) };
}

function readList(texts: readonly string[], shape: ApiShape, decode: Decode): ParameterReading {
  const decoded = texts.map(decode);
  return decoded.includes(null) ? badEscape : { values: [listOf(decoded as string[], shape)] };
}

function readObject(
  pairs: readonly (readonly [string, string])[] | null,
  shape: ApiShape,
  decode: Decode,
): ParameterReading {
  if (pairs === null) return malformed;
  const decoded = pairs.map(([name, value]) => [decode(name), decode(value)] as const);
  if (decoded.some(([name, value]) => name === null || value === null)) return badEscape;
  const value = objectOf(decoded as [string, string][], shape);
  return value === null ? twice : { values: [value] };
}

function readJsonText(text: string | null, maxDepth: number): ParameterReading {
  if (text === null) return badEscape;
  const reading = readJson(Buffer.from(text), { maxDepth });
  return "problem" in reading ? reading : { values: [reading.value] };
}

/** In a path "+" is a plus. */
function decodeSegment(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
