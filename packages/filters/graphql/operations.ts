import { JsonScanner } from "../json-limits/index.ts";

/** One operation as it is asked for. */
export interface Operation {
  /** Undefined: the backend is to know it, by a hash or an id. */
  readonly query: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What is asked for, or why nobody can tell. */
export type Reading = readonly Operation[] | string;

const MAX_JSON_DEPTH = 64;

/**
 * The operations of a JSON body: one, or a batch. One that two readers could read in two ways, as by a name that is there
 * twice, is none.
 */
export function readJson(bytes: Uint8Array): Reading {
  const size = bytes.length + 1;
  const scanner = new JsonScanner({
    maxBytes: size,
    maxDepth: MAX_JSON_DEPTH,
    maxMembers: size,
    maxItems: size,
    maxStringBytes: size,
    maxNameBytes: size,
    maxNumberBytes: size,
    allowsDuplicates: false,
    forbiddenNames: ["__proto__"],
  });
  const fault = scanner.write(bytes) ?? scanner.end();
  if (fault !== null) return `the body's JSON is ${fault}`;
  const value: unknown = JSON.parse(Buffer.from(bytes).toString());
  const all = Array.isArray(value) ? value : [value];
  const read = all.map(operationOf);
  return read.find((one) => typeof one === "string") ?? (read as Operation[]);
}

/** Of a GET. */
export function readQuery(text: string): Reading {
  const parameters = new URLSearchParams(text);
  for (const name of ["query", "variables", "operationName", "extensions"])
    if (parameters.getAll(name).length > 1) return `${name} is given twice`;
  const variables = readVariables(parameters.get("variables"));
  if (variables === null) return "variables are no JSON object";
  return [{ query: parameters.get("query") ?? undefined, variables }];
}

function readVariables(text: string | null): Operation["variables"] | null {
  if (text === null || text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return value === null ? {} : isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function operationOf(value: unknown): Operation | string {
  if (!isObject(value)) return "an operation is no JSON object";
  const query = ownOf(value, "query");
  const variables = ownOf(value, "variables") ?? {};
  if (query !== undefined && query !== null && typeof query !== "string") return "query is no string";
  if (!isObject(variables)) return "variables are no JSON object";
  return { query: query ?? undefined, variables };
}

const ownOf = (value: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
