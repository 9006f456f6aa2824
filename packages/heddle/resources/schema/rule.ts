/**
 * A check over several fields, which in the Gateway API's CRDs is a CEL expression.
 *
 * `offender` returns undefined where the rule holds, else the path of what breaks it, relative to the
 * value that carries the rule ("" for that value itself). It is only called on values that passed the
 * structural checks, with defaults applied, as the API server calls CEL. `old` is the same field of
 * the stored resource; a transition rule is skipped where there is none.
 */
export interface Rule {
  name: string;
  message: string;
  isTransition?: boolean;
  offender(self: unknown, old?: unknown): string | undefined;
}

/** A rule on one value: `holds` says whether it is kept. */
export function rule<T>(name: string, message: string, holds: (self: T) => boolean): Rule {
  return { name, message, offender: (self) => (holds(self as T) ? undefined : "") };
}

/** A rule that every item of a list has to keep; the problem points at the first one that does not. */
export function everyItem<T>(
  name: string,
  message: string,
  holds: (item: T, list: readonly T[]) => boolean,
): Rule {
  return {
    name,
    message,
    offender(self) {
      const list = self as readonly T[];
      const index = list.findIndex((item) => !holds(item, list));
      return index === -1 ? undefined : `[${index}]`;
    },
  };
}

/**
 * A rule that no two items of a list have the same identity; the problem points at the later one. Items
 * whose identity is undefined are left out.
 */
export function unique<T>(
  name: string,
  message: string,
  identity: (item: T) => string | number | undefined,
): Rule {
  return {
    name,
    message,
    offender(self) {
      const seen = new Set<string | number>();
      for (const [index, item] of (self as readonly T[]).entries()) {
        const key = identity(item);
        if (key === undefined) continue;
        if (seen.has(key)) return `[${index}]`;
        seen.add(key);
      }
      return undefined;
    },
  };
}

/** A rule that any two items of a list have to keep; the problem points at the later one. For short lists. */
export function everyPair<T>(name: string, message: string, holds: (a: T, b: T) => boolean): Rule {
  return {
    name,
    message,
    offender(self) {
      const list = self as readonly T[];
      const index = list.findIndex((b, at) => list.slice(0, at).some((a) => !holds(a, b)));
      return index === -1 ? undefined : `[${index}]`;
    },
  };
}

/** A rule on a value and what it was before an update. */
export function transition<T>(name: string, message: string, holds: (self: T, old: T) => boolean): Rule {
  return {
    name,
    message,
    isTransition: true,
    offender: (self, old) => (holds(self as T, old as T) ? undefined : ""),
  };
}
