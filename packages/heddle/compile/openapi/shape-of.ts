import type { ApiShape, ApiType } from "@heddle/filters";
import { isNode, own, type DocumentView } from "./document-view.ts";

const text: ApiShape = { types: ["string"] };
/** References and alternatives in each other; deeper ones are text. */
const MAX_DEPTH = 8;

/** How a text becomes a value of this schema: the types that it may have, and of what is in it. */
export function shapeOf(value: unknown, view: DocumentView): ApiShape {
  return new ShapeReader(view).shape(value, 0, true);
}

class ShapeReader {
  private readonly view: DocumentView;

  constructor(view: DocumentView) {
    this.view = view;
  }

  /** `isOuter`: what is in it counts as well. */
  shape(value: unknown, depth: number, isOuter: boolean): ApiShape {
    const parts = this.parts(value, depth);
    const types = new Set(parts.flatMap((part) => this.typesOf(part)));
    if (types.size === 0) return text;
    const shape: ApiShape = { types: [...types] };
    if (!isOuter) return shape;
    const items = parts.map((part) => own(part, "items")).find((one) => one !== undefined);
    const properties = parts.flatMap((part) => this.properties(part, depth));
    const isClosed = parts.some((part) => own(part, "additionalProperties") === false);
    return {
      ...shape,
      ...(items !== undefined && { items: this.shape(items, depth + 1, false).types }),
      ...(properties.length > 0 && { properties }),
      ...(types.has("object") && !isClosed && { isOpen: true }),
    };
  }

  private properties(part: Record<string, unknown>, depth: number): [string, ApiShape][] {
    const found = own(part, "properties");
    if (!isNode(found)) return [];
    // Lists as values of a form have items.
    return Object.entries(found).map(([name, one]) => [name, this.shape(one, depth + 1, depth < 2)]);
  }

  /** The schema itself and those that it is made of. */
  private parts(value: unknown, depth: number): Record<string, unknown>[] {
    if (!isNode(value) || depth > MAX_DEPTH) return [];
    const ref = own(value, "$ref");
    const target = typeof ref === "string" ? this.view.target(ref, "#") : undefined;
    const referred = target === undefined ? [] : this.parts(target.value, depth + 1);
    if (ref !== undefined && this.view.isOld) return referred;
    const inner = ["allOf", "anyOf", "oneOf"].flatMap((name) => {
      const list = own(value, name);
      return Array.isArray(list) ? list.flatMap((one) => this.parts(one, depth + 1)) : [];
    });
    return [value, ...referred, ...inner];
  }

  private typesOf(part: Record<string, unknown>): ApiType[] {
    const type = own(part, "type");
    const nullable: ApiType[] = this.view.isOld && own(part, "nullable") === true ? ["null"] : [];
    if (typeof type === "string") return [type as ApiType, ...nullable];
    if (Array.isArray(type)) return type as ApiType[];
    const values = own(part, "enum") ?? (Object.hasOwn(part, "const") ? [part["const"]] : undefined);
    if (Array.isArray(values)) return values.map(typeOfValue);
    if (own(part, "properties") !== undefined) return ["object"];
    return own(part, "items") === undefined ? [] : ["array"];
  }
}

function typeOfValue(value: unknown): ApiType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "number" || type === "boolean" || type === "object" ? type : "string";
}
