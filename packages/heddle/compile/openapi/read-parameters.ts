import type { ApiContent, ApiParameter, ParameterStyle } from "@heddle/filters";
import { isNode, own, step, type DocumentView, type Place } from "./document-view.ts";
import type { SchemaBook } from "./schema-book.ts";
import { shapeOf } from "./shape-of.ts";

/** Which styles each place has (OpenAPI 3.1 section 4.8.12.3); the first is its default. */
const styles: Readonly<Record<ApiParameter["in"], readonly ParameterStyle[]>> = {
  path: ["simple", "label", "matrix"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form"],
};

/** Parameters with these names are none: they are told otherwise. */
const ignoredHeaders: ReadonlySet<string> = new Set(["accept", "content-type", "authorization"]);

export interface ReaderParts {
  readonly view: DocumentView;
  readonly book: SchemaBook;
}

/** Those of a path with those of an operation, which take the place of the former by place and name. */
export function readParameters(levels: readonly Place[], parts: ReaderParts): ApiParameter[] {
  const found = new Map<string, ApiParameter>();
  for (const level of levels) {
    const own = new Set<string>();
    for (const place of parts.view.items(level, "parameters")) {
      const parameter = readParameter(place, parts);
      if (parameter === null) continue;
      const key = `${parameter.in} ${parameter.name}`;
      if (own.has(key)) parts.view.complain(place.pointer, `is the second ${key} parameter of the same list`);
      own.add(key);
      found.set(key, parameter);
    }
  }
  return [...found.values()].filter((one) => one.in !== "header" || !ignoredHeaders.has(one.name));
}

function readParameter(place: Place, parts: ReaderParts): ApiParameter | null {
  const { node, pointer } = place;
  const where = own(node, "in");
  const name = own(node, "name");
  if (typeof where !== "string" || !Object.hasOwn(styles, where)) {
    parts.view.complain(step(pointer, "in"), "must be one of path, query, header and cookie");
    return null;
  }
  if (typeof name !== "string" || name === "") {
    parts.view.complain(step(pointer, "name"), "must be a name");
    return null;
  }
  const kind = where as ApiParameter["in"];
  if (kind === "path" && own(node, "required") !== true)
    parts.view.complain(step(pointer, "required"), "must be true of a path parameter");
  return readValue(place, kind, kind === "header" ? name.toLowerCase() : name, parts);
}

/** A parameter, or a header of a response, by its schema or its content. */
export function readValue(
  place: Place,
  kind: ApiParameter["in"],
  name: string,
  parts: ReaderParts,
): ApiParameter {
  const { node, pointer } = place;
  const { view, book } = parts;
  const required = own(node, "required") === true;
  const base = { in: kind, name, required, allowsEmpty: own(node, "allowEmptyValue") === true };
  const content = view.child(place, "content");
  if (content !== undefined) {
    const [media] = view.children(content);
    const isJson = media !== undefined && /^application\/(?:[^/]+\+)?json\b/.test(media.name.toLowerCase());
    if (!isJson) view.complain(content.pointer, "must have application/json, which is the one that is read");
    const schema = media === undefined ? undefined : own(media.node, "schema");
    const index = schema === undefined ? -1 : book.indexOf(schema, step(media!.pointer, "schema"));
    return { ...base, style: "json", explode: false, shape: { types: ["string"] }, schema: index };
  }
  const style = (own(node, "style") ?? styles[kind][0]) as ParameterStyle;
  if (!styles[kind].includes(style))
    view.complain(step(pointer, "style"), `must be one of ${styles[kind].join(", ")} in ${kind}`);
  const explode = own(node, "explode");
  const schema = own(node, "schema");
  return {
    ...base,
    style,
    explode: typeof explode === "boolean" ? explode : style === "form",
    shape: shapeOf(schema, view),
    schema: schema === undefined ? -1 : book.indexOf(schema, step(pointer, "schema")),
  };
}

/** The media types of a body. */
export function readContent(place: Place, parts: ReaderParts): ApiContent[] {
  const content = parts.view.child(place, "content");
  if (content === undefined) return [];
  return parts.view.children(content).map(({ name, node, pointer }): ApiContent => {
    const range = name.split(";", 1)[0]!.trim().toLowerCase();
    if (!/^[^\s/]+\/[^\s/]+$/.test(range))
      parts.view.complain(pointer, "must be a media type such as application/json");
    const schema = own(node, "schema");
    return {
      range,
      schema: schema === undefined ? -1 : parts.book.indexOf(schema, step(pointer, "schema")),
      shape: shapeOf(schema, parts.view),
    };
  });
}

/** Names of the keys that its security schemes have in the query: they are no unknown parameters. */
export function keyParameters(root: Place, { view }: ReaderParts): ApiParameter[] {
  const components = view.child(root, "components");
  const schemes = components === undefined ? undefined : view.child(components, "securitySchemes");
  return view.children(schemes).flatMap(({ node }): ApiParameter[] => {
    const name = own(node, "name");
    if (!isNode(node) || own(node, "type") !== "apiKey" || own(node, "in") !== "query") return [];
    if (typeof name !== "string") return [];
    const shape = { types: ["string"] } as const;
    return [
      {
        in: "query",
        name,
        required: false,
        style: "form",
        explode: false,
        allowsEmpty: true,
        shape,
        schema: -1,
      },
    ];
  });
}
