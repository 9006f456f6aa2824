/**
 * The thread in which modules of Filters are looked at: loads one, notes the text of all that it imports of its own project,
 * and checks a configuration by the filter's schema. It is ended after each round, so that what changed is read anew and
 * nothing that a module starts stays.
 */
import { registerHooks } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parentPort } from "node:worker_threads";
import { isFilterDefinition } from "@heddle/filters/define";
import { checkConfig, type ConfigProblem } from "@heddle/filters/filter-config";
import { ownModule, type FilterCode, type FilterModule } from "@heddle/filters/own";
import { projectOf } from "./filter-module-place.ts";

export interface InspectionTask {
  readonly specifier: string;
  readonly from: string;
  readonly export: string;
  readonly config: unknown;
}

export type Inspection = {
  /** Paths of what was loaded, or should have been: what to watch. */
  readonly files: readonly string[];
} & (
  | { readonly code: FilterCode; readonly name: string; readonly config: unknown }
  /** `isMissing`: a file that comes later may mend it. */
  | { readonly problem: string; readonly reason: string; readonly isMissing: boolean }
  | { readonly problems: readonly ConfigProblem[] }
);

const taskPrefix = "heddle-filter:";
/** By URL: what was loaded, and what each imports. */
const modules = new Map<string, FilterModule | null>();
const imports = new Map<string, Set<string>>();

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith(taskPrefix)) {
      const task = JSON.parse(decodeURIComponent(specifier.slice(taskPrefix.length))) as InspectionTask;
      return next(task.specifier, { ...context, parentURL: task.from });
    }
    const parent = context.parentURL ?? "";
    const own = modules.has(parent) ? ownModule(specifier, () => next(specifier, context)) : null;
    if (own !== null) return { url: own, shortCircuit: true };
    const found = next(specifier, context);
    noteImport(parent, found.url);
    return found;
  },
  load(url, context, next) {
    modules.set(url, null);
    const loaded = next(url, context);
    const { format, source } = loaded;
    const isText = typeof source === "string" || source instanceof Uint8Array;
    if (url.startsWith("file:") && isText && shippable.has(format ?? ""))
      modules.set(url, {
        url,
        format: format!,
        source: typeof source === "string" ? source : Buffer.from(source).toString("utf8"),
      });
    return loaded;
  },
});

/** What has a text of its own per version. Modules of CommonJS are one each, whatever their URL. */
const shippable: ReadonlySet<string> = new Set(["module", "module-typescript", "json"]);

function noteImport(parent: string, url: string): void {
  if (!modules.has(parent)) return;
  const known = imports.get(parent) ?? new Set();
  imports.set(parent, known.add(url));
}

/** What `entry` imports, itself included, in its own project: not what is installed there. */
function projectModules(entry: string): string[] {
  const root = projectOf(path.dirname(fileURLToPath(entry)));
  const found = new Set([entry]);
  for (const url of found) {
    for (const one of imports.get(url) ?? []) if (isOf(root, one)) found.add(one);
  }
  return [...found];
}

function isOf(root: string, url: string): boolean {
  if (!url.startsWith("file:")) return false;
  const inner = path.relative(root, fileURLToPath(url));
  return !inner.startsWith("..") && !path.isAbsolute(inner) && !/(^|[\\/])node_modules[\\/]/.test(inner);
}

async function inspect(task: InspectionTask): Promise<Inspection> {
  const specifier = taskPrefix + encodeURIComponent(JSON.stringify(task));
  let entry = task.specifier.startsWith("file:") ? task.specifier : "";
  try {
    if (entry === "") entry = import.meta.resolve(specifier);
    const module = (await import(specifier)) as Record<string, unknown>;
    const urls = projectModules(entry);
    const files = urls.map((url) => fileURLToPath(url)).sort();
    const definition = Object.hasOwn(module, task.export) ? module[task.export] : undefined;
    if (!isFilterDefinition(definition)) return { files, ...exportProblem(task.export, module) };
    const checked = await checkConfig(definition.schema, task.config);
    if (checked.problems !== undefined) return { files, problems: checked.problems };
    const code = { entry, modules: urls.flatMap((url) => modules.get(url) ?? []) };
    return { files, code, name: definition.name, config: checked.config };
  } catch (error) {
    const files = entry === "" ? [] : projectModules(entry).map((url) => fileURLToPath(url));
    return { files, ...loadProblem(error, entry === "", files) };
  }
}

function exportProblem(name: string, module: Record<string, unknown>) {
  const others = Object.keys(module).filter((key) => isFilterDefinition(module[key]));
  const hint =
    others.length > 0
      ? `; it has ${others.join(", ")}: name one in spec.export`
      : "; write export default defineFilter({ … })";
  return {
    problem: `module has no filter as its export ${name}${hint}`,
    reason: "ExportNotFound",
    isMissing: false,
  };
}

function loadProblem(error: unknown, isUnresolved: boolean, files: readonly string[]) {
  const { code } = error as { code?: unknown };
  const isMissing = code === "ERR_MODULE_NOT_FOUND";
  const text = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : `it threw ${String(error)}`;
  const reason = isUnresolved ? "ModuleNotFound" : "ModuleFailed";
  const mend = isUnresolved && isMissing ? "; the path of a file begins with ./" : "";
  return { problem: `module does not load: ${text}${placeOf(error, files)}${mend}`, reason, isMissing };
}

/** The place in the project's own files, which errors have in their stack. */
function placeOf(error: unknown, files: readonly string[]): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const [, file = "", line] of stack.matchAll(/(?:file:\/\/)?(\/[^\s():]+):(\d+)/g)) {
    const name = decodeURI(file);
    if (files.includes(name)) return ` (${path.basename(name)}:${line})`;
  }
  return "";
}

const port = parentPort!;
port.on("message", (task: InspectionTask) => {
  void inspect(task).then((inspection) => {
    try {
      port.postMessage(inspection);
    } catch (error) {
      const problem = `configuration is no plain data once its schema read it: ${(error as Error).message}`;
      port.postMessage({ files: inspection.files, problem, reason: "ModuleFailed", isMissing: false });
    }
  });
});
