const compiled = new Map<string, RegExp>();

/**
 * Patterns of the CRDs that backtrack without bound in V8, by one for the same language that does
 * not. The first is the header value: visible ASCII, single blanks or tabs between.
 */
const linear: Readonly<Record<string, string>> = {
  "^[!-~]+([\\t ]?[!-~]+)*$": "^[!-~]+(?:[\\t ][!-~]+)*$",
};

/** True where `value` matches a pattern of a schema. Callers bound its length first. */
export function matchesPattern(pattern: string, value: string): boolean {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    expression = new RegExp(Object.hasOwn(linear, pattern) ? linear[pattern]! : pattern, "u");
    compiled.set(pattern, expression);
  }
  return expression.test(value);
}
