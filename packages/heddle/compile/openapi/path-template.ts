import { normalizePath } from "@heddle/engine/message";
import type { ApiSegment } from "@heddle/filters";

/** A template of a path in parts, and the names of its parameters. */
export interface PathTemplate {
  readonly segments: readonly ApiSegment[];
  readonly names: readonly string[];
}

/** "/orders/{id}.json"; or what is wrong with it. */
export function parsePathTemplate(template: string): PathTemplate | string {
  if (!template.startsWith("/")) return "must begin with /";
  const names: string[] = [];
  const segments: ApiSegment[] = [];
  for (const text of template.slice(1).split("/")) {
    if (text === "." || text === "..") return "is no path that a request can have";
    const parts: string[] = [];
    let rest = text;
    for (let open = rest.indexOf("{"); open >= 0; open = rest.indexOf("{")) {
      const close = rest.indexOf("}", open);
      const name = rest.slice(open + 1, Math.max(close, open));
      if (close < 0 || !/^[^{}]{1,128}$/.test(name)) return "has a brace without the other one";
      if (names.includes(name)) return `has {${name}} twice`;
      if (open === 0 && parts.length > 0) return "has two parameters without text between them";
      const literal = literalOf(rest.slice(0, open));
      if (literal === null) return "is no path that a request can have";
      names.push(name);
      parts.push(literal, name);
      rest = rest.slice(close + 1);
    }
    const literal = literalOf(rest);
    if (rest.includes("}") || literal === null) return "is no path that a request can have";
    segments.push([...parts, literal]);
  }
  return { segments, names };
}

/** As normalised paths have it: unreserved characters as they are, other escapes in upper case. */
function literalOf(text: string): string | null {
  const path = normalizePath(`/x${text.replaceAll(/[^!-~]+/g, encodeURIComponent)}`, "keep");
  return path === null ? null : path.slice(2);
}
