import type { ApiBody, ApiDocument, ApiOperation, ApiParameter, ApiPath, ApiResponse } from "@heddle/filters";
import { makeFinding, type Finding } from "../io/status.ts";
import { DocumentView, own, step, type Place } from "./document-view.ts";
import { parsePathTemplate } from "./path-template.ts";
import {
  keyParameters,
  readContent,
  readParameters,
  readValue,
  type ReaderParts,
} from "./read-parameters.ts";
import { readDocumentText } from "./read-text.ts";
import { SchemaBook, type CheckRegex } from "./schema-book.ts";
import { serverPaths } from "./server-paths.ts";

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

export interface ApiReading {
  /** Null where there are findings. */
  readonly api: ApiDocument | null;
  /** Their paths are places in the document. */
  readonly findings: readonly Finding[];
}

/** An OpenAPI document (3.0 or 3.1) as the filter reads it, or all that is wrong with it. */
export function readApi(text: string, checkRegex: CheckRegex): ApiReading {
  const root = readDocumentText(text);
  if (typeof root === "string") return { api: null, findings: [makeFinding("InvalidDocument", "#", root)] };
  const version = own(root, "openapi");
  const isKnown = typeof version === "string" && /^3\.[01](\.\d+)?$/.test(version);
  if (!isKnown) {
    const message = "must be a text such as 3.0.3 or 3.1.0; other versions are not read";
    return { api: null, findings: [makeFinding("InvalidDocument", "#/openapi", message)] };
  }
  const view = new DocumentView(root, version.startsWith("3.0"));
  const reader = new ApiReader(view, new SchemaBook(view, checkRegex));
  return reader.read();
}

class ApiReader {
  private readonly view: DocumentView;
  private readonly parts: ReaderParts;
  private readonly root: Place;

  constructor(view: DocumentView, book: SchemaBook) {
    this.view = view;
    this.parts = { view, book };
    this.root = { node: view.root, pointer: "#" };
  }

  read(): ApiReading {
    const { view, root } = this;
    const bases = serverPaths(root.node, "#", view) ?? [""];
    const keys = keyParameters(root, this.parts);
    const paths = view.children(view.child(root, "paths")).flatMap((place) => this.paths(place, bases, keys));
    this.refuseTwins(paths);
    const schemas = this.parts.book.write();
    const { findings } = view;
    return { api: findings.length > 0 ? null : { ...schemas, paths }, findings };
  }

  /** A path; operations with servers of their own are paths of their own. */
  private paths(
    place: Place & { readonly name: string },
    bases: readonly string[],
    keys: readonly ApiParameter[],
  ): ApiPath[] {
    const { view } = this;
    const template = parsePathTemplate(place.name);
    const at = step("#", "paths", place.name);
    if (typeof template === "string") {
      view.complain(at, template);
      return [];
    }
    const own = serverPaths(place.node, place.pointer, view) ?? bases;
    const byBases = new Map<string, ApiPath & { operations: ApiOperation[] }>();
    for (const method of methods) {
      const child = view.child(place, method);
      if (child === undefined) continue;
      const its = serverPaths(child.node, child.pointer, view) ?? own;
      const key = its.join("\n");
      let path = byBases.get(key);
      if (path === undefined)
        byBases.set(
          key,
          (path = { template: place.name, bases: its, segments: template.segments, operations: [] }),
        );
      path.operations.push(this.operation(method, [place, child], template.names, keys));
    }
    if (byBases.size === 0)
      return [{ template: place.name, bases: own, segments: template.segments, operations: [] }];
    return [...byBases.values()];
  }

  private operation(
    method: string,
    levels: readonly [Place, Place],
    names: readonly string[],
    keys: readonly ApiParameter[],
  ): ApiOperation {
    const { view, parts } = this;
    const operation = levels[1];
    const parameters = readParameters(levels, parts);
    const inPath = parameters.filter((one) => one.in === "path").map(({ name }) => name);
    for (const name of names)
      if (!inPath.includes(name))
        view.complain(
          step(operation.pointer, "parameters"),
          `lacks the path parameter ${name}, which the path has`,
        );
    for (const name of inPath)
      if (!names.includes(name))
        view.complain(
          step(operation.pointer, "parameters"),
          `has a path parameter ${name}, which the path lacks`,
        );
    const known = keys.filter(
      (key) => !parameters.some((one) => one.in === "query" && one.name === key.name),
    );
    return {
      method: method.toUpperCase(),
      parameters: [...parameters, ...known],
      body: this.body(operation),
      responses: this.responses(operation),
    };
  }

  private body(operation: Place): ApiBody | null {
    const child = this.view.child(operation, "requestBody");
    const place = child === undefined ? undefined : this.view.follow(child);
    if (place === undefined) return null;
    const content = readContent(place, this.parts);
    if (content.length === 0) this.view.complain(step(place.pointer, "content"), "must name a media type");
    return { required: own(place.node, "required") === true, content };
  }

  /** Exact statuses come first, then ranges, then the default. */
  private responses(operation: Place): ApiResponse[] {
    const { view, parts } = this;
    const all = view.children(view.child(operation, "responses")).flatMap((place): ApiResponse[] => {
      const range = statusRange(place.name);
      if (range === null) {
        view.complain(place.pointer, "must be a status such as 200, a range such as 2XX, or default");
        return [];
      }
      const headers = view
        .children(view.child(place, "headers"))
        .filter(({ name }) => name.toLowerCase() !== "content-type")
        .map((header) => readValue(header, "header", header.name.toLowerCase(), parts));
      return [{ from: range[0], to: range[1], headers, content: readContent(place, parts) }];
    });
    return all.sort((a, b) => a.to - a.from - (b.to - b.from));
  }

  /** Two templates that differ in the names of parameters alone are one path. */
  private refuseTwins(paths: readonly ApiPath[]): void {
    const seen = new Map<string, string>();
    for (const { template, segments } of paths) {
      const form = segments
        .map((parts) => parts.map((part, at) => (at % 2 === 0 ? part : "{}")).join(""))
        .join("/");
      const other = seen.get(form);
      if (other !== undefined && other !== template)
        this.view.complain(step("#", "paths", template), `is the same path as ${other}; keep one of them`);
      seen.set(form, template);
    }
  }
}

function statusRange(text: string): readonly [number, number] | null {
  if (text === "default") return [100, 599];
  if (/^[1-5]XX$/i.test(text)) return [Number(text[0]) * 100, Number(text[0]) * 100 + 99];
  return /^[1-5]\d\d$/.test(text) ? [Number(text), Number(text)] : null;
}
