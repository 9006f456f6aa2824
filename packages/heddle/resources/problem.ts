/**
 * What is wrong with a document, where, and what mends it.
 *
 * `path` is a field path such as `spec.rules[0].matches[0].path.value`, empty for the document as a
 * whole. `error` means that there is no usable resource. `unknown-field` means that a field was
 * dropped: an error in `heddle check`, a warning at run time. `rule` names the cross-field check that
 * failed, for those problems that come from one.
 */
export interface Problem {
  path: string;
  message: string;
  severity: "error" | "unknown-field";
  rule?: string;
}

/** More than this is no help to the reader, and a hostile document must not fill memory with them. */
export const maxProblems = 100;

/** Collects problems up to `maxProblems`; what comes after is dropped. */
export class Problems {
  readonly list: Problem[] = [];

  error(place: Place, message: string, rule?: string): void {
    const path = pathOf(place);
    this.#add(
      rule === undefined ? { path, message, severity: "error" } : { path, message, severity: "error", rule },
    );
  }

  unknownField(place: Place, message: string): void {
    this.#add({ path: pathOf(place), message, severity: "unknown-field" });
  }

  get hasErrors(): boolean {
    return this.list.some((problem) => problem.severity === "error");
  }

  #add(problem: Problem): void {
    // An error is never lost to a heap of unknown fields: it takes the place of the last of them.
    if (this.list.length < maxProblems) this.list.push(problem);
    else if (problem.severity === "error" && !this.hasErrors) this.list[maxProblems - 1] = problem;
  }
}

/**
 * Where a value is: a path, or one step below a place. Checks walk through all of a document, and nearly never say where
 * they are, so that the path is written then.
 */
export type Place = string | { readonly above: Place; readonly step: string | number };

/** The place of a field, or of an item of a list. */
export const below = (above: Place, step: string | number): Place => ({ above, step });

export function pathOf(place: Place): string {
  if (typeof place === "string") return place;
  const above = pathOf(place.above);
  return typeof place.step === "number" ? itemPath(above, place.step) : childPath(above, place.step);
}

const plainKey = /^[A-Za-z_$][\w$-]*$/;

/** The path of `key` below `path`: `spec.name`, or `metadata.labels["app.io/name"]` where it needs quotes. */
export function childPath(path: string, key: string): string {
  if (!plainKey.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** The path of item `index` below `path`: `spec.rules[3]`. */
export function itemPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

const segment = /\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g;

/** The keys and indexes that a path made by `childPath` and `itemPath` leads through. */
export function pathSegments(path: string): (string | number)[] {
  return Array.from(path.matchAll(segment), ([, quoted, index, plain]) => {
    if (quoted !== undefined) return JSON.parse(`"${quoted}"`) as string;
    return index === undefined ? plain! : Number(index);
  });
}
