import { makeFinding, type Finding } from "../io/status.ts";

export type Node = Readonly<Record<string, unknown>>;

/** A node of a document and where it is, as a JSON Pointer in a fragment. */
export interface Place {
  readonly node: Node;
  readonly pointer: string;
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Own members alone: documents have names such as "constructor". */
export const own = (node: Node, name: string): unknown =>
  Object.hasOwn(node, name) ? node[name] : undefined;

const escape = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

export const step = (pointer: string, ...names: readonly (string | number)[]): string =>
  [pointer, ...names.map((name) => escape(String(name)))].join("/");

/** References of references that are followed. */
const MAX_HOPS = 16;
/** What a status can show. */
const MAX_FINDINGS = 20;

/** An OpenAPI document: looked up by pointers, and what is wrong with it. */
export class DocumentView {
  readonly root: Node;
  readonly isOld: boolean;
  readonly findings: Finding[] = [];

  /** `isOld`: OpenAPI 3.0, whose schemas are a dialect of their own. */
  constructor(root: Node, isOld: boolean) {
    this.root = root;
    this.isOld = isOld;
  }

  /** `pointer` is the place in the document. */
  complain(pointer: string, message: string): void {
    if (this.findings.length < MAX_FINDINGS)
      this.findings.push(makeFinding("InvalidDocument", pointer, message));
  }

  /** A member that is an object; undefined where there is none, which is told where it is something else. */
  child({ node, pointer }: Place, name: string): Place | undefined {
    const value = own(node, name);
    if (value === undefined) return undefined;
    const at = step(pointer, name);
    if (isNode(value)) return { node: value, pointer: at };
    this.complain(at, "must be an object");
    return undefined;
  }

  /** Members of an object, extensions left out, references followed. */
  children(place: Place | undefined): (Place & { readonly name: string })[] {
    if (place === undefined) return [];
    return Object.keys(place.node).flatMap((name) => {
      if (name.startsWith("x-")) return [];
      const child = this.child(place, name);
      const found = child === undefined ? undefined : this.follow(child);
      return found === undefined ? [] : [{ ...found, name }];
    });
  }

  /** Items of a list, references followed. */
  items({ node, pointer }: Place, name: string): Place[] {
    const value = own(node, name);
    if (value === undefined) return [];
    const at = step(pointer, name);
    if (!Array.isArray(value)) {
      this.complain(at, "must be a list");
      return [];
    }
    return value.flatMap((item: unknown, index) => {
      const itemAt = step(at, index);
      if (!isNode(item)) {
        this.complain(itemAt, "must be an object");
        return [];
      }
      return this.follow({ node: item, pointer: itemAt }) ?? [];
    });
  }

  /** What a place is once its references are followed; undefined where they lead nowhere, which is told. */
  follow(place: Place): Place | undefined {
    let current = place;
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const ref = own(current.node, "$ref");
      if (ref === undefined) return current;
      const next = this.target(ref, step(current.pointer, "$ref"));
      if (next === undefined) return undefined;
      if (!isNode(next.value)) {
        this.complain(step(current.pointer, "$ref"), "leads to something else than an object");
        return undefined;
      }
      current = { node: next.value, pointer: next.pointer };
    }
    this.complain(step(place.pointer, "$ref"), "is a reference to a reference to itself");
    return undefined;
  }

  /** What a reference leads to. */
  target(ref: unknown, at: string): { readonly value: unknown; readonly pointer: string } | undefined {
    if (typeof ref !== "string" || !(ref === "#" || ref.startsWith("#/"))) {
      const message =
        "must be a reference within the document, such as #/components/schemas/Order; others are not followed, so put what it leads to into the document";
      this.complain(at, message);
      return undefined;
    }
    const names = decode(ref);
    let value: unknown = this.root;
    for (const name of names ?? []) {
      if (Array.isArray(value) && /^(0|[1-9]\d{0,5})$/.test(name)) value = value[Number(name)];
      else value = isNode(value) ? own(value, name) : undefined;
    }
    if (names === null || value === undefined) {
      this.complain(at, `leads nowhere: there is no ${ref} in the document`);
      return undefined;
    }
    return { value, pointer: step("#", ...names) };
  }
}

function decode(ref: string): string[] | null {
  try {
    const names = decodeURIComponent(ref.slice(2)).split("/");
    return ref.length < 2 ? [] : names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  } catch {
    return null;
  }
}
