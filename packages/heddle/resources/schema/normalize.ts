import { below, pathOf, type Place, type Problems } from "../problem.ts";
import { suggestion } from "./suggest.ts";
import { fieldSchema, isObject, oncePerSchema, type JsonObject, type Structural } from "./structural.ts";

/**
 * Copies a value as the API server stores it: null fields are dropped or defaulted, defaults applied
 * from the outside in, unknown fields dropped and reported (as errors where `isStrict`). A value of the
 * wrong type is left as it is for `checkStructure` to report. Depth is bounded by the schema.
 */
export function normalize(
  value: unknown,
  schema: Structural,
  path: Place,
  problems: Problems,
  isStrict = false,
): unknown {
  return new Normalizer(problems, isStrict).copy(value, schema, path);
}

/** A field that so many others have below them is no hint at where it belongs. */
const maxPlaces = 2;

/** More names than these would hide the message. */
const maxKnownNames = 20;

interface Around {
  readonly schema: Structural;
  readonly path: Place;
}

class Normalizer {
  readonly #problems: Problems;
  readonly #isStrict: boolean;
  /** The objects around what is being copied, from the outside in. */
  readonly #around: Around[] = [];

  constructor(problems: Problems, isStrict: boolean) {
    this.#problems = problems;
    this.#isStrict = isStrict;
  }

  copy(value: unknown, schema: Structural, path: Place): unknown {
    if (Array.isArray(value)) return this.#copyList(value, schema, path);
    if (isObject(value)) return this.#copyObject(value, schema, path);
    return value;
  }

  #copyList(value: readonly unknown[], schema: Structural, path: Place): unknown {
    const { items, maxItems = Number.POSITIVE_INFINITY } = schema;
    // A list over its bound is refused anyway: its items need no copy.
    if (items === undefined || value.length > maxItems) return value;
    return value.map((item, index) => this.copy(item, items, below(path, index)));
  }

  #copyObject(value: JsonObject, schema: Structural, path: Place): unknown {
    if (schema.properties === undefined && schema.additionalProperties === undefined) return value;
    const copy: JsonObject = {};
    this.#around.push({ schema, path });
    for (const key of Object.keys(value)) this.#copyField(copy, key, value[key], schema, path);
    this.#around.pop();
    for (const [key, field] of defaultsOf(schema)) {
      if (!Object.hasOwn(copy, key)) copy[key] = this.copy(ownCopyOf(field.default), field, below(path, key));
    }
    return copy;
  }

  #copyField(copy: JsonObject, key: string, value: unknown, schema: Structural, path: Place): void {
    const field = fieldSchema(schema, key);
    const fieldPath = below(path, key);
    // `__proto__` as a key would change what the copy inherits; no field and no map needs that name.
    if (key === "__proto__") {
      this.#problems.error(fieldPath, 'a field named "__proto__" is not allowed; remove it');
    } else if (field === undefined) {
      const message = unknownField(key, schema, this.#around);
      if (this.#isStrict) this.#problems.error(fieldPath, message);
      else this.#problems.unknownField(fieldPath, message);
    } else if (value !== null && value !== undefined) {
      copy[key] = this.copy(value, field, fieldPath);
    }
  }
}

/** The fields with a default: few of many, and asked for with each object. */
const defaultsOf = oncePerSchema(({ properties = {} }) =>
  Object.entries(properties).filter(([, field]) => field.default !== undefined),
);

/** Objects of a schema are given to nobody. */
const ownCopyOf = (value: unknown): unknown => (typeof value === "object" ? structuredClone(value) : value);

function unknownField(key: string, schema: Structural, around: readonly Around[]): string {
  const known = Object.keys(schema.properties ?? {});
  const near = suggestion(key, known);
  if (near !== undefined) return `unknown field "${key}"; did you mean "${near}"?`;
  const inside = known.filter((name) => Object.hasOwn(schema.properties?.[name]?.properties ?? {}, key));
  if (inside.length > 0 && inside.length <= maxPlaces)
    return `unknown field "${key}"; did you mean ${inside.map((name) => `"${name}.${key}"`).join(" or ")}?`;
  const owner = around.findLast((place) => Object.hasOwn(place.schema.properties ?? {}, key));
  if (owner !== undefined) {
    const name = pathOf(owner.path) || "the resource itself";
    return `unknown field "${key}"; it is one of ${name}: indent it less`;
  }
  return known.length > maxKnownNames
    ? `unknown field "${key}"; remove it`
    : `unknown field "${key}"; known here: ${known.join(", ")}`;
}
