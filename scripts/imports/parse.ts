import { parseSync, Visitor } from "oxc-parser";

/** One place where a file names another module. */
export interface ImportSite {
  specifier: string;
  line: number;
  /** `url` is a file named for a worker, `new URL("./worker.ts", import.meta.url)`: started, not evaluated here. */
  kind: "import" | "url";
  /** Only types come from it: nothing of it is evaluated. */
  isType: boolean;
}

/**
 * Lists every module that a TypeScript or JavaScript file names with a literal: import and export from, dynamic
 * import, type import, `require` form, and the file of `new URL("./x.ts", import.meta.url)`.
 * Throws on a file that does not parse, with its path and the parser's message.
 */
export function parseImports(path: string, source: string): ImportSite[] {
  const { program, errors } = parseSync(path, source);
  const error = errors.find((found) => found.severity === "Error");
  if (error) throw new Error(`${path} does not parse: ${error.message}`);
  const sites: ImportSite[] = [];
  const add = (node: unknown, kind: ImportSite["kind"] = "import", isType = false) => {
    if (isStringLiteral(node))
      sites.push({ specifier: node.value, line: lineAt(source, node.start), kind, isType });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source, "import", node.importKind === "type"),
    ExportAllDeclaration: (node) => add(node.source, "import", node.exportKind === "type"),
    ExportNamedDeclaration: (node) => add(node.source, "import", node.exportKind === "type"),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source, "import", true),
    TSExternalModuleReference: (node) => add(node.expression),
    NewExpression: (node) => {
      const [file, base] = node.arguments;
      const isUrl = node.callee.type === "Identifier" && node.callee.name === "URL";
      if (isUrl && isStringLiteral(file) && file.value.endsWith(".ts") && isImportMetaUrl(base))
        add(file, "url");
    },
  }).visit(program);
  return sites;
}

interface StringLiteral {
  type: "Literal";
  value: string;
  start: number;
}

function isStringLiteral(node: unknown): node is StringLiteral {
  const literal = node as StringLiteral | null | undefined;
  return literal?.type === "Literal" && typeof literal.value === "string";
}

function isImportMetaUrl(node: unknown): boolean {
  const member = node as { object?: { type?: string }; property?: { name?: string } } | undefined;
  return member?.object?.type === "MetaProperty" && member.property?.name === "url";
}

function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf("\n"); at !== -1 && at < offset; at = source.indexOf("\n", at + 1)) line += 1;
  return line;
}
