import { normalizePath } from "@heddle/engine/message";
import type { HTTPPathModifier } from "../../resources/index.ts";
import type { PathChange } from "../filters/filter-specs.ts";
import { makeFinding, type Finding } from "../io/status.ts";

/** RFC 3986 section 3.3: the characters of a path. */
const pathText = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$/;

/** A path modifier in its normal form, or what is wrong with it; null where none is given. */
export function compilePathChange(
  modifier: HTTPPathModifier | undefined,
  path: string,
): PathChange | Finding | null {
  if (modifier === undefined) return null;
  const isFull = modifier.type === "ReplaceFullPath";
  const field = isFull ? "replaceFullPath" : "replacePrefixMatch";
  const text = modifier[field] ?? "";
  if (!pathText.test(text)) {
    const message = `${JSON.stringify(text)} is no path; percent-encode other characters`;
    return makeFinding("UnsupportedValue", `${path}.${field}`, message);
  }
  // The upstream must see the one form of paths that policy and router know, whoever wrote the path.
  const normal = normalizePath(text.startsWith("/") ? text : `/${text}`, "refuse");
  if (normal === null) {
    const message = `${JSON.stringify(text)} has an escaped slash, backslash or NUL, or dot segments that lead above the root or hide; write the path without them`;
    return makeFinding("UnsupportedValue", `${path}.${field}`, message);
  }
  return isFull ? { type: "full", value: normal } : { type: "prefix", value: withoutTrailingSlashes(normal) };
}

function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}
