import type { JsonSchema } from "@heddle/filters";
import { isNode, own, step, type DocumentView, type Node, type Place } from "./document-view.ts";

/** What a message is: properties that are readOnly are in responses alone, those that are writeOnly in requests. */
export type Direction = "request" | "response";

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
  "not",
  "contains",
  "propertyNames",
  "if",
  "then",
  "else",
  "unevaluatedItems",
  "unevaluatedProperties",
];
const schemaLists = ["allOf", "anyOf", "oneOf", "prefixItems"];
const schemaMaps = ["properties", "patternProperties", "dependentSchemas"];
/** They change what a reference means, and nothing here needs them. */
const unsupported = ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"];
const types: readonly unknown[] = ["string", "number", "integer", "boolean", "null", "array", "object"];

export type CheckRegex = (pattern: string) => string | null;

/** How JSON Schema means a pattern: anywhere in the text. The filter makes the same of it. */
const anywhere = (pattern: string): string => `[\\s\\S]*(?:${pattern})[\\s\\S]*`;

/**
 * All schemas that a document's messages use, as JSON Schema of draft 2020-12, each in a form for requests and one for
 * responses. Only keywords that are known come through, and only with values that they may have, so that the compiler of
 * schemas meets nothing else.
 */
export class SchemaBook {
  private readonly view: DocumentView;
  private readonly checkRegex: CheckRegex;
  private readonly indexes = new Map<string, number>();
  private readonly places: { readonly value: unknown; readonly pointer: string }[] = [];

  constructor(view: DocumentView, checkRegex: CheckRegex) {
    this.view = view;
    this.checkRegex = checkRegex;
  }

  /** The index of the schema at a place, which is in the book from then on. */
  indexOf(value: unknown, pointer: string): number {
    const known = this.indexes.get(pointer);
    if (known !== undefined) return known;
    const index = this.places.length;
    if (index === MAX_SCHEMAS)
      this.view.complain(pointer, `is schema ${MAX_SCHEMAS + 1}; that many are taken`);
    this.indexes.set(pointer, index);
    this.places.push({ value, pointer });
    return index;
  }

  /** All of them, once everything that uses one has asked. */
  write(): { requests: JsonSchema[]; responses: JsonSchema[] } {
    const requests: JsonSchema[] = [];
    const responses: JsonSchema[] = [];
    // Each that is written may add what it refers to.
    for (let index = 0; index < this.places.length && index < MAX_SCHEMAS; index++) {
      const { value, pointer } = this.places[index]!;
      requests.push(this.schema(value, pointer, "request", 0));
      const before = this.view.findings.length;
      responses.push(this.schema(value, pointer, "response", 0));
      // What is wrong is wrong in both.
      this.view.findings.length = before;
    }
    return { requests, responses };
  }

  /** `family`: the schemas that it is a part of, by allOf and its like: of the same object. */
  private schema(
    value: unknown,
    pointer: string,
    direction: Direction,
    depth: number,
    family: readonly Place[] = [],
  ): JsonSchema {
    if (typeof value === "boolean" && !this.view.isOld) return value;
    if (!isNode(value)) return this.wrong(pointer, "must be a schema, which is an object");
    if (depth > MAX_DEPTH) return this.wrong(pointer, `is nested deeper than ${MAX_DEPTH}`);
    const out: Record<string, unknown> = {};
    const ref = own(value, "$ref");
    if (ref !== undefined) {
      const target = this.view.target(ref, step(pointer, "$ref"));
      if (target === undefined) return true;
      out["$ref"] = `#/$defs/${this.indexOf(target.value, target.pointer)}`;
      // Beside a reference nothing counts in OpenAPI 3.0.
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
    const whole = [...family, { node: value, pointer }];
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
    whole: readonly Place[],
    out: Record<string, unknown>,
  ): void {
    const inner = (value: unknown, at: string) => this.schema(value, at, direction, depth + 1);
    for (const name of schemas) {
      const value = own(node, name);
      if (value === undefined) continue;
      // OpenAPI 3.0 has these two of them as true and false as well.
      const isPlain = typeof value === "boolean" && name === "additionalProperties";
      out[name] = isPlain ? value : inner(value, step(pointer, name));
    }
    for (const name of schemaLists) {
      const value = own(node, name);
      if (value === undefined) continue;
      const at = step(pointer, name);
      if (Array.isArray(value) && value.length > 0)
        out[name] = value.map((one, i) =>
          this.schema(one, step(at, i), direction, depth + 1, name === "prefixItems" ? [] : whole),
        );
      else this.view.complain(at, "must be a list of schemas");
    }
    for (const name of schemaMaps) {
      const value = own(node, name);
      if (value === undefined) continue;
      const at = step(pointer, name);
      if (isNode(value)) out[name] = this.schemaMap(name, value, at, direction, inner);
      else this.view.complain(at, "must be an object of schemas");
    }
  }

  private schemaMap(
    keyword: string,
    node: Node,
    pointer: string,
    direction: Direction,
    inner: (value: unknown, at: string) => JsonSchema,
  ): Record<string, JsonSchema> {
    const out: Record<string, JsonSchema> = {};
    for (const [name, value] of Object.entries(node)) {
      const at = step(pointer, name);
      if (keyword === "patternProperties" && !this.isPattern(name, at)) continue;
      const schema = inner(value, at);
      const isMisplaced = keyword === "properties" && this.isMisplaced(value, at, direction);
      out[name] = isMisplaced ? { ...(schema as object), heddleMisplaced: true } : schema;
    }
    return out;
  }

  /** A property that is in the other direction's messages alone. */
  private isMisplaced(value: unknown, pointer: string, direction: Direction): boolean {
    return this.isMarked(value, pointer, direction === "request" ? "readOnly" : "writeOnly", 0);
  }

  private isMarked(value: unknown, pointer: string, mark: string, depth: number): boolean {
    if (!isNode(value) || depth > 8) return false;
    const ref = own(value, "$ref");
    if (!(ref !== undefined && this.view.isOld) && own(value, mark) === true) return true;
    if (ref !== undefined) {
      const target = this.view.target(ref, pointer);
      return target !== undefined && this.isMarked(target.value, target.pointer, mark, depth + 1);
    }
    const all = own(value, "allOf");
    return Array.isArray(all) && all.some((one) => this.isMarked(one, pointer, mark, depth + 1));
  }

  /** The property is one that is misplaced, by the schema or by what it is made of. */
  private hasMisplaced(
    name: string,
    value: unknown,
    pointer: string,
    direction: Direction,
    depth: number,
  ): boolean {
    if (!isNode(value) || depth > 8) return false;
    const ref = own(value, "$ref");
    if (ref !== undefined) {
      const target = this.view.target(ref, pointer);
      if (target !== undefined && this.hasMisplaced(name, target.value, target.pointer, direction, depth + 1))
        return true;
      if (this.view.isOld) return false;
    }
    const properties = own(value, "properties");
    const property = isNode(properties) ? own(properties, name) : undefined;
    if (this.isMisplaced(property, step(pointer, "properties", name), direction)) return true;
    const all = own(value, "allOf");
    return (
      Array.isArray(all) && all.some((one) => this.hasMisplaced(name, one, pointer, direction, depth + 1))
    );
  }

  private writeRequired(
    node: Node,
    pointer: string,
    direction: Direction,
    whole: readonly Place[],
    out: Record<string, unknown>,
  ): void {
    const isNames = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === "string");
    this.take(node, pointer, "required", out, isNames, "must be a list of names");
    const required = out["required"] as string[] | undefined;
    if (required !== undefined) {
      const asked = [...new Set(required)].filter(
        (name) => !whole.some((place) => this.hasMisplaced(name, place.node, place.pointer, direction, 0)),
      );
      if (asked.length > 0) out["required"] = asked;
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

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

export type { Place };
