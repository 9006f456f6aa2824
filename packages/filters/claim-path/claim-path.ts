/** Where a claim is, by the names on the way: ["realm_access", "roles"]. */
export type ClaimPath = readonly string[];

/** The value at a path of claims; undefined where there is none. What objects inherit are no claims. */
export function claimAt(claims: Readonly<Record<string, unknown>>, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (let i = 0; i < path.length; i++) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, path[i])) return undefined;
    value = (value as Record<string, unknown>)[path[i]];
  }
  return value;
}

/**
 * A claim as the text that policies compare: of a string, number or boolean; undefined of anything else. Whole numbers
 * beyond 2⁵³ and what is infinite are none: several of them read as one (RFC 8259 section 6), and one person would pass
 * for another.
 */
export function claimText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") {
    const isOneOfSeveral =
      !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
    return isOneOfSeveral ? undefined : String(value);
  }
  return typeof value === "boolean" ? String(value) : undefined;
}

/** Whether a claim is one of the texts, or a list that has one of them. */
export function claimHasOneOf(value: unknown, texts: ReadonlySet<string>): boolean {
  if (!Array.isArray(value)) {
    const text = claimText(value);
    return text !== undefined && texts.has(text);
  }
  for (const one of value) {
    const text = claimText(one);
    if (text !== undefined && texts.has(text)) return true;
  }
  return false;
}

/** Splits the scopes of OAuth tokens: `scope` of RFC 9068 ("a b"), or `scp`, as text or list. */
export function scopesOf(claims: Readonly<Record<string, unknown>>): readonly string[] {
  const found = scopeClaim(claims);
  if (typeof found === "string") return found.split(" ").filter((one) => one !== "");
  return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
}

const scopeClaim = (claims: Readonly<Record<string, unknown>>): unknown =>
  claimAt(claims, ["scope"]) ?? claimAt(claims, ["scp"]);

/** Whether there are scopes in a form that `scopesOf` does not read: an object, a number, a list with one of them. */
export function hasUnreadScopes(claims: Readonly<Record<string, unknown>>): boolean {
  const found = scopeClaim(claims) ?? "";
  return Array.isArray(found)
    ? found.some((one) => typeof one !== "string" && one !== null)
    : typeof found !== "string";
}
