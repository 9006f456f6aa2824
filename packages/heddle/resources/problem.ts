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

  error(path: string, message: string, rule?: string): void {
    this.#add(
      rule === undefined ? { path, message, severity: "error" } : { path, message, severity: "error", rule },
    );
  }

  unknownField(path: string, message: string): void {
    this.#add({ path, message, severity: "unknown-field" });
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
