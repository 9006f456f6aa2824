import type { Exchange } from "@heddle/engine/message";
import type { FieldError } from "../bounded-json/index.ts";
import type { ApiOperation, ApiParameter } from "./config.ts";
import { readCookies, readPairs, type PairTable } from "./message-parts.ts";
import type { FoundPath } from "./path-table.ts";
import {
  readHeaderParameter,
  readPairParameter,
  readPathParameter,
  type ParameterReading,
} from "./read-parameter.ts";
import { isObjectShape } from "./read-value.ts";
import type { SchemaChecker } from "./schema-checker.ts";

export interface ParameterBounds {
  readonly allowsUnknownQuery: boolean;
  readonly maxDepth: number;
}

/** Mistakes of one request that are told. */
const MAX_ERRORS = 16;

const none: PairTable = new Map();

/** What is wrong with the parameters of a request. */
export function checkParameters(
  exchange: Exchange,
  operation: ApiOperation,
  found: FoundPath,
  checker: SchemaChecker,
  bounds: ParameterBounds,
): FieldError[] {
  const { request } = exchange;
  const query = readPairs(request.query.slice(1));
  if (query === null) return [{ in: "query", detail: "has a broken escape, or too many parameters" }];
  const { parameters } = operation;
  const cookies = parameters.some((one) => one.in === "cookie") ? readCookies(exchange) : none;
  const errors: FieldError[] = bounds.allowsUnknownQuery ? [] : unknownNames(query, parameters);
  for (const parameter of parameters) {
    if (errors.length >= MAX_ERRORS) break;
    const reading = readParameter(parameter, exchange, found, query, cookies, bounds.maxDepth);
    const error = checkReading(parameter, reading, checker);
    if (error !== null) errors.push(error);
  }
  return errors;
}

function readParameter(
  parameter: ApiParameter,
  { request }: Exchange,
  found: FoundPath,
  query: PairTable,
  cookies: PairTable,
  maxDepth: number,
): ParameterReading {
  switch (parameter.in) {
    case "path":
      return readPathParameter(parameter, found.values.get(parameter.name) ?? "", maxDepth);
    case "header":
      return readHeaderParameter(parameter, request.fields.getAll(parameter.name), maxDepth);
    case "query":
      return readPairParameter(parameter, query, maxDepth);
    case "cookie":
      return readPairParameter(parameter, cookies, maxDepth);
  }
}

/** The mistake of one parameter or header; null: none. */
export function checkReading(
  { in: place, name, required, schema }: ApiParameter,
  reading: ParameterReading,
  checker: SchemaChecker,
): FieldError | null {
  if (reading === "absent") return required ? { in: place, name, detail: "is missing" } : null;
  if ("problem" in reading) return { in: place, name, detail: reading.problem };
  let first: FieldError | null = null;
  for (const value of reading.values) {
    const error = checker.check(schema, value);
    if (error === null) return null;
    const { pointer, detail } = error;
    first ??= { in: place, name, ...(pointer !== "#" && { pointer }), detail };
  }
  return first;
}

function unknownNames(query: PairTable, parameters: readonly ApiParameter[]): FieldError[] {
  const own = parameters.filter((one) => one.in === "query");
  // An object of any members, which may be all of the query.
  if (
    own.some(
      ({ style, explode, shape }) => style === "form" && explode && isObjectShape(shape) && shape.isOpen,
    )
  )
    return [];
  const names = new Set(own.flatMap(namesOf));
  const deep = own.filter(({ style }) => style === "deepObject").map(({ name }) => `${name}[`);
  const errors: FieldError[] = [];
  for (const name of query.keys()) {
    if (names.has(name) || deep.some((prefix) => name.startsWith(prefix))) continue;
    errors.push({ in: "query", name: name.slice(0, 128), detail: "is not known" });
    if (errors.length === MAX_ERRORS) break;
  }
  return errors;
}

function namesOf({ name, style, explode, shape }: ApiParameter): readonly string[] {
  if (style !== "form" || !explode || !isObjectShape(shape)) return [name];
  return (shape.properties ?? []).map(([property]) => property);
}
