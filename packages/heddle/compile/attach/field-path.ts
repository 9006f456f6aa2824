type Fields = Record<string, unknown>;

/** The value at a path such as `timeouts.request`; undefined where there is none. */
export function valueAt(spec: object, path: string): unknown {
  let value: unknown = spec;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Fields)[name];
  }
  return value;
}

/** Puts a value there, with the objects on the way. */
export function setAt(spec: object, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop()!;
  let into = spec as Fields;
  for (const name of names) into = (into[name] ??= {}) as Fields;
  into[last] = value;
}
