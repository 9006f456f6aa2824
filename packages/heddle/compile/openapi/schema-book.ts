import type { JsonSchema } from "@heddle/filters";
import { MisplacedNames, noneExcused, type Direction, type Excused } from "./misplaced-names.ts";
import { isNode, own, step, type DocumentView, type Node, type Place } from "./document-view.ts";

const MAX_SCHEMAS = 5_000;
const MAX_DEPTH = 64;

const numbers = ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"];
const counts = [
  "maxLength",
  "minLength",
  "maxItems",
  "minItems",
  "maxProperties",
  "minProperties",
  "maxContains",
  "minContains",
];
const schemas = [
  "items",
  "additionalProperties",
  "contains",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
];
/** To ask for less in these would be to say something else. */
const questions = ["not", "if"];
/** Of the same object, where they count. */
const consequences = ["then", "else"];
const schemaLists = ["allOf", "anyOf", "oneOf", "prefixItems"];
const schemaMaps = ["properties", "patternProperties", "dependentSchemas"];
/** They change what a reference means, and nothing here needs them. */
const unsupported = ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"];
const types: readonly unknown[] = ["string", "number", "integer", "boolean", "null", "array", "object"];

export type CheckRegex = (pattern: string) => string | null;

/** How JSON Schema means a pattern: anywhere in the text. The filter makes the same of it. */
const anywhere = (pattern: string): string => `[\\s\\S]*(?:${pattern})[\\s\\S]*`;

/** A schema of the book; one that somewhere is excused from some names is there once more for that place. */
interface BookEntry {
  readonly value: unknown;
  readonly pointer: string;
  readonly excused: Excused;
  /** A part of a question. */
  readonly isAsked: boolean;
}

/** Of one object: the schemas that it is made of, from the outermost in, and names that they need not ask for. */
interface Whole {
  readonly family: readonly Place[];
  readonly excused: Excused;
  /** A question (`not`, `if`): it means what is written, whichever way the message goes. */
  readonly isAsked: boolean;
}

const alone: Whole = { family: [], excused: noneExcused, isAsked: false };
const asked: Whole = { ...alone, isAsked: true };

/**
 * All schemas that a document's messages use, as JSON Schema of draft 2020-12, each in a form for requests and one for
 * responses. Only keywords that are known come through, and only with values that they may have, so that the compiler of
 * schemas meets nothing else.
 */
export class SchemaBook {
  private readonly view: DocumentView;
  private readonly checkRegex: CheckRegex;
  private readonly misplaced: MisplacedNames;
  private readonly indexes = new Map<string, number>();
  private readonly places: BookEntry[] = [];

  constructor(view: DocumentView, checkRegex: CheckRegex) {
    this.view = view;
    this.checkRegex = checkRegex;
    this.misplaced = new MisplacedNames(view);
  }

  /** The index of the schema at a place, which is in the book from then on. */
  indexOf(value: unknown, pointer: string, excused: Excused = noneExcused, isAsked: boolean = false): number {
    const isAsIs = excused.request.length + excused.response.length === 0;
    const key = isAsked ? `? ${pointer}` : isAsIs ? pointer : `${pointer} ${JSON.stringify(excused)}`;
    const known = this.indexes.get(key);
    if (known !== undefined) return known;
    const index = this.places.length;
    if (index === MAX_SCHEMAS)
      this.view.complain(pointer, `is schema ${MAX_SCHEMAS + 1}; that many are taken`);
    this.indexes.set(key, index);
    this.places.push({ value, pointer, excused, isAsked });
    return index;
  }

  /** All of them, once everything that uses one has asked. */
  write(): { requests: JsonSchema[]; responses: JsonSchema[] } {
    const requests: JsonSchema[] = [];
    const responses: JsonSchema[] = [];
    const told = new Set<string>();
    // Each that is written may add what it refers to.
    for (let index = 0; index < this.places.length && index < MAX_SCHEMAS; index++) {
      const { value, pointer, excused, isAsked } = this.places[index]!;
      const whole = { ...alone, excused, isAsked };
      const first = this.view.findings.length;
      requests.push(this.schema(value, pointer, "request", 0, whole));
      const before = told.has(pointer) ? first : this.view.findings.length;
      told.add(pointer);
      responses.push(this.schema(value, pointer, "response", 0, whole));
      // What is wrong is wrong in both.
      this.view.findings.length = before;
    }
    return { requests, responses };
  }

  /** `within`: the schemas that it is a part of, by allOf and its like. */
  private schema(
    value: unknown,
    pointer: string,
    direction: Direction,
    depth: number,
    within: Whole = alone,
  ): JsonSchema {
    if (typeof value === "boolean" && !this.view.isOld) return value;
    if (!isNode(value)) return this.wrong(pointer, "must be a schema, which is an object");
    if (depth > MAX_DEPTH) return this.wrong(pointer, `is nested deeper than ${MAX_DEPTH}`);
    const out: Record<string, unknown> = {};
    const whole = { ...within, family: [...within.family, { node: value, pointer }] };
    const ref = own(value, "$ref");
    if (ref !== undefined) {
      const target = this.view.target(ref, step(pointer, "$ref"));
      if (target === undefined) return true;
      // Beside a reference of OpenAPI 3.0 nothing counts.
      const { family, excused } = this.view.isOld ? within : whole;
      const { isAsked } = within;
      const less = isAsked ? noneExcused : this.misplaced.excusedBehind(target, family, excused);
      out["$ref"] = `#/$defs/${this.indexOf(target.value, target.pointer, less, isAsked)}`;
      if (this.view.isOld) return out;
    }
    for (const name of unsupported)
      if (own(value, name) !== undefined)
        this.view.complain(
          step(pointer, name),
          "is not supported; refer to schemas by #/components/schemas/NAME",
        );
    this.writeType(value, pointer, out);
    this.writeValues(value, pointer, out);
    this.writeText(value, pointer, out);
    this.writeSchemas(value, pointer, direction, depth, whole, out);
    this.writeRequired(value, pointer, direction, whole, out);
    return out;
  }

  private writeType(node: Node, pointer: string, out: Record<string, unknown>): void {
    const type = own(node, "type");
    if (type === undefined) return;
    const list: readonly unknown[] = Array.isArray(type) && !this.view.isOld ? type : [type];
    if (list.length === 0 || list.some((one) => !types.includes(one)) || new Set(list).size < list.length) {
      this.view.complain(step(pointer, "type"), `must be one of ${types.join(", ")}`);
      return;
    }
    const isNullable = this.view.isOld && own(node, "nullable") === true && !list.includes("null");
    out["type"] = isNullable ? [...list, "null"] : list.length === 1 ? list[0] : list;
  }

  private writeValues(node: Node, pointer: string, out: Record<string, unknown>): void {
    for (const name of numbers) this.take(node, pointer, name, out, isNumber, "must be a number");
    const isAbove0 = (value: unknown) => isNumber(value) && value > 0;
    this.take(node, pointer, "multipleOf", out, isAbove0, "must be a number above 0");
    for (const name of counts) this.take(node, pointer, name, out, isCount, "must be a whole number from 0");
    this.take(
      node,
      pointer,
      "uniqueItems",
      out,
      (value) => typeof value === "boolean",
      "must be true or false",
    );
    if (out["uniqueItems"] === false) delete out["uniqueItems"];
    this.take(
      node,
      pointer,
      "enum",
      out,
      (value) => Array.isArray(value) && value.length > 0,
      "must be a list of values",
    );
    if (own(node, "const") !== undefined) out["const"] = node["const"];
    if (this.view.isOld) this.writeOldBounds(node, out);
  }

  /** `exclusiveMaximum: true` beside `maximum`, which OpenAPI 3.0 has of JSON Schema's draft 4. */
  private writeOldBounds(node: Node, out: Record<string, unknown>): void {
    for (const [name, bound] of [
      ["exclusiveMaximum", "maximum"],
      ["exclusiveMinimum", "minimum"],
    ] as const) {
      if (own(node, name) !== true || out[bound] === undefined) continue;
      out[name] = out[bound];
      delete out[bound];
    }
  }

  private take(
    node: Node,
    pointer: string,
    name: string,
    out: Record<string, unknown>,
    isGood: (value: unknown) => boolean,
    message: string,
  ): void {
    const value = own(node, name);
    if (value === undefined) return;
    if (this.view.isOld && name.startsWith("exclusive") && typeof value === "boolean") return;
    if (isGood(value)) out[name] = value;
    else this.view.complain(step(pointer, name), message);
  }

  private writeText(node: Node, pointer: string, out: Record<string, unknown>): void {
    this.take(node, pointer, "format", out, (value) => typeof value === "string", "must be a text");
    const pattern = own(node, "pattern");
    if (pattern !== undefined && this.isPattern(pattern, step(pointer, "pattern"))) out["pattern"] = pattern;
  }

  private isPattern(pattern: unknown, at: string): pattern is string {
    if (typeof pattern !== "string") {
      this.view.complain(at, "must be a regular expression");
      return false;
    }
    const mistake = this.checkRegex(pattern) ?? this.checkRegex(anywhere(pattern));
    if (mistake !== null) this.view.complain(at, `is no regular expression that is taken: ${mistake}`);
    return mistake === null;
  }

  private writeSchemas(
    node: Node,
    pointer: string,
    direction: Direction,
    depth: number,
    whole: Whole,
    out: Record<string, unknown>,
  ): void {
    const part = whole.isAsked ? asked : alone;
    const inner = (value: unknown, at: string) => this.schema(value, at, direction, depth + 1, part);
    const of = (value: unknown, at: string) => this.schema(value, at, direction, depth + 1, whole);
    for (const name of schemas) {
      const value = own(node, name);
      if (value === undefined) continue;
      // OpenAPI 3.0 has these two of them as true and false as well.
      const isPlain = typeof value === "boolean" && name === "additionalProperties";
      out[name] = isPlain ? value : inner(value, step(pointer, name));
    }
    for (const name of questions) {
      const value = own(node, name);
      if (value !== undefined)
        out[name] = this.schema(value, step(pointer, name), direction, depth + 1, asked);
    }
    for (const name of consequences) {
      const value = own(node, name);
      if (value !== undefined) out[name] = of(value, step(pointer, name));
    }
    for (const name of schemaLists) {
      const value = own(node, name);
      if (value === undefined) continue;
      const at = step(pointer, name);
      if (Array.isArray(value) && value.length > 0)
        out[name] = value.map((one, i) =>
          this.schema(one, step(at, i), direction, depth + 1, name === "prefixItems" ? part : whole),
        );
      else this.view.complain(at, "must be a list of schemas");
    }
    if (this.isBlurred(node, pointer, direction, whole)) {
      out["allOf"] = [...((out["allOf"] as unknown[] | undefined) ?? []), { anyOf: out["oneOf"] }];
      delete out["oneOf"];
    }
    if (out["contains"] !== undefined && out["unevaluatedItems"] !== undefined) keepUnevaluated(out);
    for (const name of schemaMaps) {
      const value = own(node, name);
      if (value === undefined) continue;
      const at = step(pointer, name);
      const one = name !== "dependentSchemas" ? inner : of;
      if (isNode(value)) out[name] = this.schemaMap(name, value, at, direction, one, whole.isAsked);
      else this.view.complain(at, "must be an object of schemas");
    }
  }

  /**
   * Alternatives of `oneOf` that are told apart by names which this direction's messages may not have: several may hold
   * of a message that is as it should be, so that it is enough that one does.
   */
  private isBlurred(node: Node, pointer: string, direction: Direction, whole: Whole): boolean {
    const list = own(node, "oneOf");
    if (!Array.isArray(list) || whole.isAsked) return false;
    return list.some((value: unknown, i) => {
      const spot = { value, pointer: step(pointer, "oneOf", i) };
      return this.misplaced.asksLess(spot, whole.family, whole.excused, direction);
    });
  }

  private schemaMap(
    keyword: string,
    node: Node,
    pointer: string,
    direction: Direction,
    inner: (value: unknown, at: string) => JsonSchema,
    isAsked: boolean,
  ): Record<string, JsonSchema> {
    const out: Record<string, JsonSchema> = {};
    for (const [name, value] of Object.entries(node)) {
      const at = step(pointer, name);
      if (keyword === "patternProperties" && !this.isPattern(name, at)) continue;
      const schema = inner(value, at);
      const isMisplaced =
        keyword === "properties" && !isAsked && this.misplaced.isMisplaced(value, at, direction);
      out[name] = isMisplaced ? { ...(schema as object), heddleMisplaced: true } : schema;
    }
    return out;
  }

  private writeRequired(
    node: Node,
    pointer: string,
    direction: Direction,
    whole: Whole,
    out: Record<string, unknown>,
  ): void {
    const isNames = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === "string");
    this.take(node, pointer, "required", out, isNames, "must be a list of names");
    const required = out["required"] as string[] | undefined;
    if (required !== undefined && whole.isAsked) out["required"] = [...new Set(required)];
    else if (required !== undefined) {
      const { family, excused } = whole;
      const names = family.map((place) => this.misplaced.of(place, direction));
      const left = [...new Set(required)].filter(
        (name) => !excused[direction].includes(name) && !names.some((one) => one.has(name)),
      );
      if (left.length > 0) out["required"] = left;
      else delete out["required"];
    }
    const isMap = (value: unknown) => isNode(value) && Object.values(value).every(isNames);
    this.take(node, pointer, "dependentRequired", out, isMap, "must be an object of lists of names");
  }

  private wrong(pointer: string, message: string): JsonSchema {
    this.view.complain(pointer, message);
    return true;
  }
}

/**
 * To Ajv all items of a list with `contains` are evaluated; by draft 2020-12 those that it matches are. What stands under
 * `not` evaluates none.
 */
function keepUnevaluated(out: Record<string, unknown>): void {
  const { contains, minContains, maxContains, unevaluatedItems, allOf = [] } = out;
  out["unevaluatedItems"] = { anyOf: [contains, unevaluatedItems] };
  const counted = {
    contains,
    ...(minContains !== undefined && { minContains }),
    ...(maxContains !== undefined && { maxContains }),
  };
  out["allOf"] = [...(allOf as unknown[]), { not: { not: counted } }];
  for (const name of ["contains", "minContains", "maxContains"]) delete out[name];
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

export type { Place };
