/**
 * Makes the workers of built code start built files: in `new URL("./x.ts", import.meta.url)`, where the first argument
 * is a relative string literal, `.ts` becomes `.js`. The compiler rewrites imports and leaves these alone. Other forms
 * (templates, variables) are not rewritten, so code that starts a worker names its file by a literal.
 */
export function rewriteUrls(javascript: string): string {
  return javascript.replace(
    /\bnew\s+URL\(\s*(["'])(\.{1,2}\/[^"'\n]+)\.ts\1\s*,\s*import\.meta\.url\s*,?\s*\)/g,
    (match: string, quote: string, file: string) => match.replace(`${file}.ts${quote}`, `${file}.js${quote}`),
  );
}

/**
 * Makes the imports of a declaration file name the built files: the compiler leaves `.ts` there, which TypeScript finds
 * and other tools do not.
 */
export function rewriteDeclarationImports(declarations: string): string {
  return declarations.replace(
    /(\bfrom\s+|\bimport\(|\bimport\s+)(["'])(\.{1,2}\/[^"'\n]+)\.ts\2/g,
    "$1$2$3.js$2",
  );
}

type ExportTarget = string | { types: string; default: string };

/** The fields of a workspace's package.json that the build reads. */
export interface SourceManifest {
  name: string;
  version: string;
  description?: string;
  license?: string;
  engines?: Record<string, string>;
  bin?: Record<string, string>;
  exports: Record<string, string>;
  dependencies?: Record<string, string>;
}

/**
 * The package.json of a built package: the fields that its users need, exports that point at JavaScript and its types.
 * `files` are the top-level names of the built folder.
 */
export function rewriteManifest(source: SourceManifest, files: readonly string[]): Record<string, unknown> {
  const exports = Object.entries(source.exports).map(([name, target]) => [name, builtTarget(target)]);
  return {
    name: source.name,
    version: source.version,
    description: source.description,
    license: source.license,
    type: "module",
    engines: source.engines,
    bin: source.bin,
    exports: Object.fromEntries(exports),
    files: [...files],
    dependencies: source.dependencies,
  };
}

function builtTarget(target: string): ExportTarget {
  if (!target.endsWith(".ts")) return target;
  const stem = target.slice(0, -".ts".length);
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}
