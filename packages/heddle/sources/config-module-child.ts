/**
 * The process in which a heddle.config.ts runs: imports it, sends its default export to the parent, and is ended
 * by it. A process of its own, so that changed imports are read anew and nothing that they start stays.
 */
import { registerHooks } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export type ConfigModuleAnswer =
  | {
      readonly isOk: true;
      readonly resources: readonly unknown[];
      readonly routes: Readonly<Record<string, string>>;
      readonly imports: readonly string[];
    }
  | {
      readonly isOk: false;
      readonly message: string;
      readonly file?: string;
      readonly line?: number;
      readonly column?: number;
      readonly imports: readonly string[];
    };

/** What "heddle" exports to a configuration, without all that stands behind its door. */
const ownDoor = new URL("./define-config.ts", import.meta.url).href;
const imports = new Set<string>();

/** Notes what is loaded, and gives "heddle" by itself: it need not be installed beside the configuration. */
function watchImports(): void {
  registerHooks({
    resolve(specifier, context, next) {
      return specifier === "heddle" ? { url: ownDoor, shortCircuit: true } : next(specifier, context);
    },
    load(url, context, next) {
      const isOwn = url.startsWith(new URL("..", import.meta.url).href);
      if (url.startsWith("file:") && !isOwn && !url.includes("/node_modules/"))
        imports.add(fileURLToPath(url));
      return next(url, context);
    },
  });
}

async function readModule(file: string): Promise<ConfigModuleAnswer> {
  const listImports = () => [...imports].filter((one) => one !== file).sort();
  try {
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    if (!("default" in module))
      throw new TypeError("has no default export; write export default defineConfig({ … })");
    const exported = module["default"];
    const config: unknown = await (typeof exported === "function" ? (exported as () => unknown)() : exported);
    return { isOk: true, ...checkShape(config), imports: listImports() };
  } catch (error) {
    return { isOk: false, ...describe(error, file), imports: listImports() };
  }
}

function checkShape(config: unknown): { resources: unknown[]; routes: Record<string, string> } {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new TypeError("the default export must be an object with resources or routes");
  }
  const { resources = [], routes = {}, ...others } = config as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`unknown field ${unknown}; known are resources and routes`);
  if (!Array.isArray(resources)) throw new TypeError("resources must be a list");
  const isText = (value: unknown) => typeof value === "string";
  if (typeof routes !== "object" || routes === null || !Object.values(routes).every(isText)) {
    throw new TypeError('routes must be an object such as { "shop.localhost/api": "http://127.0.0.1:3000" }');
  }
  return { resources, routes: routes as Record<string, string> };
}

/** The message with the place in the user's own files, which errors have in their stack. */
function describe(error: unknown, file: string) {
  if (!(error instanceof Error)) return { message: `threw ${String(error)}` };
  const stack = error.stack ?? "";
  const message = error.message.split("\n", 1)[0] ?? "";
  const found = Array.from(stack.matchAll(/(?:file:\/\/)?(\/[^\s():]+):(\d+)(?::(\d+))?/g)).find(
    ([, place = ""]) => {
      const name = decodeURI(place);
      return name === file || imports.has(name);
    },
  );
  if (found === undefined) return { message };
  const [, place = "", line, column] = found;
  return {
    message,
    file: path.normalize(decodeURI(place)),
    line: Number(line),
    ...(column === undefined ? {} : { column: Number(column) }),
  };
}

watchImports();
const [, , file = ""] = process.argv;
const answer = await readModule(file);
// JSON drops what is undefined and refuses what has no end: both as YAML would.
try {
  process.send?.(answer);
} catch (error) {
  process.send?.({
    isOk: false,
    message: `the default export is no plain data: ${(error as Error).message}`,
    imports: [],
  });
}
