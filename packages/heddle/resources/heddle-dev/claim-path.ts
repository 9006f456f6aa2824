import { text } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";

const step = /(?:^|(?!^)\.)([A-Za-z0-9_:$-]+)|(?:(?!^)\.)?\["((?:[^"\\\]]|\\["\\])+)"\]/y;

/**
 * The names on the way to a claim: `realm_access.roles`, and in brackets and quotes where a name has other characters,
 * `["https://shop.example/roles"]`. Null where it is none.
 */
export function parseClaimPath(path: string): readonly string[] | null {
  const names: string[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (found === null) return null;
    const [, bare, quoted] = found;
    names.push(bare ?? quoted!.replaceAll(/\\(["\\])/g, "$1"));
  }
  return names.length === 0 || names.length > 8 || names.includes("__proto__") ? null : names;
}

/** A claim of a principal, by its path. */
export const claimPath = text({
  minLength: 1,
  maxLength: 512,
  rules: [
    rule<string>(
      "claim-path-valid",
      'must be a claim such as sub or realm_access.roles; a name with other characters stands in brackets and quotes: ["https://shop.example/roles"]',
      (self) => parseClaimPath(self) !== null,
    ),
  ],
});
