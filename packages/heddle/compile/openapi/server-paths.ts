import { normalizePath } from "@heddle/engine/message";
import { isNode, own, step, type DocumentView, type Node } from "./document-view.ts";

/** Paths that one server can have by the values of its variables. */
const MAX_PATHS = 16;

/** The paths of the servers of a node, each without a slash at its end; null where it names none. */
export function serverPaths(node: Node, pointer: string, view: DocumentView): readonly string[] | null {
  const servers = own(node, "servers");
  if (!Array.isArray(servers) || servers.length === 0) return null;
  const paths = servers.flatMap((server: unknown, index) => {
    const at = step(pointer, "servers", index);
    if (!isNode(server) || typeof own(server, "url") !== "string") {
      view.complain(at, "must be an object with a url");
      return [];
    }
    return expand(own(server, "url") as string, server, at, view).flatMap(
      (url) => pathOf(url, at, view) ?? [],
    );
  });
  return [...new Set(paths)];
}

function expand(url: string, server: Node, at: string, view: DocumentView): string[] {
  const variables = own(server, "variables");
  let urls = [url];
  for (const [whole, name] of url.matchAll(/\{([^{}]{1,128})\}/g)) {
    const variable = isNode(variables) ? own(variables, name!) : undefined;
    const values = isNode(variable) ? valuesOf(variable) : [];
    if (values.length === 0) {
      view.complain(step(at, "url"), `has {${name}} without a variable of that name and a default`);
      return [];
    }
    urls = urls.flatMap((one) => values.map((value) => one.replace(whole, () => value))).slice(0, MAX_PATHS);
  }
  return urls;
}

function valuesOf(variable: Node): string[] {
  const values = own(variable, "enum");
  const all = Array.isArray(values) ? values : [];
  return [own(variable, "default"), ...all]
    .filter((value, at, list) => typeof value === "string" && list.indexOf(value) === at)
    .map(String);
}

function pathOf(url: string, at: string, view: DocumentView): string | null {
  const [before] = url.replace(/^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/[^/?#]*/, "").split(/[?#]/);
  const path = normalizePath(before!.startsWith("/") ? before! : `/${before}`, "keep");
  if (path === null) {
    view.complain(step(at, "url"), "has a path that no request can have");
    return null;
  }
  return path.replace(/\/$/, "");
}
