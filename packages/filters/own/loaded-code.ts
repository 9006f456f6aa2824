import { threadBoard } from "@heddle/engine/shared";
import type { FilterDefinition } from "../define/index.ts";
import { isFilterDefinition } from "../define/index.ts";
import { codeHooks, versionedUrl } from "./code-hooks.ts";
import type { FilterCode } from "./config.ts";
import { filterCodePrefix } from "./config.ts";
import { guardProcess } from "./process-guard.ts";

/** A module that waits for something as it is loaded must not hold a configuration up for longer. */
const LOAD_MS = 10_000;

type Loaded = Readonly<Record<string, unknown>> | { readonly problem: string };

/** By hash. What is loaded once stays: no runtime lets go of a module. */
const loaded = new Map<string, Loaded>();

/** A data unit, as far as loading needs to know. */
interface NamedData {
  readonly name: string;
  readonly value: unknown;
}

/** Loads the code among data units, in this thread. Resolves when filters of it can be built, or cannot. */
export async function loadFilterCode(data: readonly NamedData[]): Promise<void> {
  const code = data.filter(({ name }) => name.startsWith(filterCodePrefix));
  if (code.length === 0) return;
  guardProcess();
  threadBoard.beat();
  for (const { name, value } of code) {
    const hash = name.slice(filterCodePrefix.length);
    if (loaded.has(hash)) continue;
    const version = value as FilterCode;
    codeHooks.add(hash, version);
    loaded.set(hash, await loadInTime(versionedUrl(version.entry, hash)));
  }
}

async function loadInTime(url: string): Promise<Loaded> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Loaded>((resolve) => {
    const problem = `module was not loaded within ${LOAD_MS / 1_000} s`;
    timer = setTimeout(() => resolve({ problem }), LOAD_MS);
  });
  const loading = import(url).catch((error: unknown) => ({
    problem: error instanceof Error ? error.message : String(error),
  }));
  const result = (await Promise.race([loading, late])) as Loaded;
  clearTimeout(timer);
  return result;
}

/** The definition that an export of loaded code is. Throws where there is none: its rule answers 500 then. */
export function loadedFilter(code: string, name: string): FilterDefinition {
  const module = loaded.get(code);
  if (module === undefined) throw new Error(`code ${code} is not loaded`);
  const found = Object.hasOwn(module, name) ? (module as Record<string, unknown>)[name] : undefined;
  if (isFilterDefinition(found)) return found;
  const { problem } = module;
  throw new Error(typeof problem === "string" ? problem : `module has no filter as its export ${name}`);
}
