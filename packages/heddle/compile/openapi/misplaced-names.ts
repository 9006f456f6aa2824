import { isNode, own, step, type DocumentView, type Place } from "./document-view.ts";

/** What a message is: properties that are readOnly are in responses alone, those that are writeOnly in requests. */
export type Direction = "request" | "response";

/** Names that an object need not have, since it may not. */
export type Excused = Readonly<Record<Direction, readonly string[]>>;

export const noneExcused: Excused = { request: [], response: [] };

/** A value of a document, and where it is. */
interface Spot {
  readonly value: unknown;
  readonly pointer: string;
}

const marks = { request: "readOnly", response: "writeOnly" } as const;

/** Which properties are in the other direction's messages alone, and who requires them nevertheless. */
export class MisplacedNames {
  private readonly view: DocumentView;
  private readonly namesBy = new Map<string, ReadonlySet<string>>();
  private readonly requiredBy = new Map<string, ReadonlySet<string>>();

  constructor(view: DocumentView) {
    this.view = view;
  }

  /** The property with this schema is. */
  isMisplaced(value: unknown, pointer: string, direction: Direction): boolean {
    const mark = marks[direction];
    return this.reach({ value, pointer }, ["allOf"]).some((spot) => {
      const { value: one } = spot;
      return isNode(one) && own(one, mark) === true && !this.isOldReference(one);
    });
  }

  /** Those of an object, by its schema and what it is made of. */
  of({ node, pointer }: Place, direction: Direction): ReadonlySet<string> {
    const key = `${direction} ${pointer}`;
    const known = this.namesBy.get(key);
    if (known !== undefined) return known;
    const names = new Set<string>();
    for (const { value, pointer: at } of this.reach({ value: node, pointer }, ["allOf"])) {
      const properties = isNode(value) && !this.isOldReference(value) ? own(value, "properties") : undefined;
      if (!isNode(properties)) continue;
      for (const name of Object.keys(properties))
        if (this.isMisplaced(properties[name], step(at, "properties", name), direction)) names.add(name);
    }
    this.namesBy.set(key, names);
    return names;
  }

  /**
   * What a reference leads to is read alone, and knows nothing of what stands beside it: the names that it requires and
   * that the objects it is a part of (`family`) may not have. `inherited` are those that the part itself is excused.
   */
  excusedBehind(target: Spot, family: readonly Place[], inherited: Excused): Excused {
    const { value, pointer } = target;
    if (!isNode(value)) return noneExcused;
    const inDirection = (direction: Direction): string[] => {
      const names = new Set(inherited[direction]);
      for (const place of family) for (const name of this.of(place, direction)) names.add(name);
      const own = names.size === 0 ? names : this.of({ node: value, pointer }, direction);
      return [...names].filter((name) => !own.has(name) && this.required(target).has(name)).sort();
    };
    return { request: inDirection("request"), response: inDirection("response") };
  }

  /**
   * Whether an alternative asks for less in messages of that direction than it does as it is written, so that what told
   * it from others may be gone.
   */
  asksLess(spot: Spot, family: readonly Place[], excused: Excused, direction: Direction): boolean {
    const { value, pointer } = spot;
    if (!isNode(value)) return false;
    const names = [{ node: value, pointer }, ...family].map((place) => this.of(place, direction));
    return [...this.required(spot)].some(
      (name) => excused[direction].includes(name) || names.some((one) => one.has(name)),
    );
  }

  /** The names that a schema requires of the object that it is of. */
  private required(target: Spot): ReadonlySet<string> {
    const known = this.requiredBy.get(target.pointer);
    if (known !== undefined) return known;
    const names = new Set<string>();
    const parts = ["allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas"];
    for (const { value } of this.reach(target, parts)) {
      const list = isNode(value) && !this.isOldReference(value) ? own(value, "required") : undefined;
      if (Array.isArray(list)) for (const name of list) if (typeof name === "string") names.add(name);
    }
    this.requiredBy.set(target.pointer, names);
    return names;
  }

  /** A schema with those that its references and these keywords lead to, each once: documents go round. */
  private reach(from: Spot, keywords: readonly string[]): readonly Spot[] {
    const found = [from];
    const seen = new Set([from.pointer]);
    const before = this.view.findings.length;
    for (const { value, pointer } of found) {
      if (!isNode(value)) continue;
      const ref = own(value, "$ref");
      const target = ref === undefined ? undefined : this.view.target(ref, pointer);
      const parts = this.isOldReference(value) ? [] : partsOf({ node: value, pointer }, keywords);
      for (const next of target === undefined ? parts : [target, ...parts]) {
        if (seen.has(next.pointer)) continue;
        seen.add(next.pointer);
        found.push(next);
      }
    }
    // What leads nowhere is told where it is written.
    this.view.findings.length = before;
    return found;
  }

  /** Beside a reference nothing counts in OpenAPI 3.0. */
  private isOldReference(node: Place["node"]): boolean {
    return this.view.isOld && own(node, "$ref") !== undefined;
  }
}

function partsOf({ node, pointer }: Place, keywords: readonly string[]): Spot[] {
  return keywords.flatMap((keyword): Spot[] => {
    const value = own(node, keyword);
    const at = step(pointer, keyword);
    if (Array.isArray(value)) return value.map((one, i) => ({ value: one as unknown, pointer: step(at, i) }));
    if (!isNode(value)) return [];
    return keyword === "dependentSchemas"
      ? Object.entries(value).map(([name, one]) => ({ value: one, pointer: step(at, name) }))
      : [{ value, pointer: at }];
  });
}
