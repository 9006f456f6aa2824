import { Errors } from "typebox/schema";
import type { TSchema } from "typebox";
import { isStandardSchema } from "../define/index.ts";
import type { FilterSchema, StandardIssue, StandardSchema } from "../define/index.ts";
import { fillDefaults } from "./fill-defaults.ts";

/** Where a configuration does not fit: `path` as in `limits[0].name`, "" for the whole. */
export interface ConfigProblem {
  readonly path: string;
  readonly message: string;
}

export type CheckedConfig =
  | { readonly config: unknown; readonly problems?: undefined }
  | { readonly problems: readonly ConfigProblem[] };

const MAX_PROBLEMS = 20;
/** As keys they would change what an object inherits, or what made it. */
const dangerous: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Checks plain data by a filter's schema. What is good comes back with its defaults (those of a Standard Schema are
 * applied when the filter is built, by the schema itself). Throws what a schema of the user's throws.
 */
export async function checkConfig(schema: FilterSchema, config: unknown): Promise<CheckedConfig> {
  const key = dangerousKey(config, "");
  if (key !== null)
    return { problems: [{ path: key, message: "is a name that no field may have; remove it" }] };
  return isStandardSchema(schema) ? checkByStandard(schema, config) : checkByJsonSchema(schema, config);
}

function dangerousKey(value: unknown, path: string): string | null {
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : join(path, key);
    const found = !Array.isArray(value) && dangerous.has(key) ? at : dangerousKey(inner, at);
    if (found !== null) return found;
  }
  return null;
}

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

async function checkByStandard(schema: StandardSchema, config: unknown): Promise<CheckedConfig> {
  const result = schema["~standard"].validate(structuredClone(config));
  if (result instanceof Promise) {
    result.catch(() => {});
    return {
      problems: [{ path: "", message: "cannot be checked: the filter's schema answers by a promise" }],
    };
  }
  return result.issues === undefined
    ? { config }
    : { problems: result.issues.slice(0, MAX_PROBLEMS).map(ofIssue) };
}

function ofIssue({ message, path = [] }: StandardIssue): ConfigProblem {
  const keys = path.map((part) => (typeof part === "object" ? part.key : part));
  return { path: pathOf(keys.map(String)), message };
}

function checkByJsonSchema(schema: FilterSchema, config: unknown): CheckedConfig {
  const filled = fillDefaults(schema, config);
  const [isGood, errors] = Errors(schema as TSchema, filled);
  if (isGood) return { config: filled };
  const problems = errors.filter(({ keyword }) => keyword !== "boolean").map(ofError);
  return {
    problems: [...new Map(problems.map((one) => [`${one.path} ${one.message}`, one])).values()].slice(
      0,
      MAX_PROBLEMS,
    ),
  };
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

function ofError({ keyword, instancePath, message, params }: SchemaError): ConfigProblem {
  const keys = instancePath.split("/").slice(1).map(unescape);
  const { additionalProperties: extra, requiredProperties: missing } = params as {
    readonly additionalProperties?: readonly string[];
    readonly requiredProperties?: readonly string[];
  };
  if (keyword === "additionalProperties" && extra?.[0] !== undefined)
    return { path: pathOf([...keys, extra[0]]), message: "is not known to the filter; remove it" };
  if (keyword === "required" && missing?.[0] !== undefined)
    return { path: pathOf([...keys, missing[0]]), message: "is required" };
  return { path: pathOf(keys), message };
}

/** RFC 6901 section 4. */
const unescape = (part: string): string => part.replaceAll("~1", "/").replaceAll("~0", "~");

function pathOf(keys: readonly string[]): string {
  return keys.reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : join(path, key)), "");
}
