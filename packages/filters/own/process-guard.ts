import { syncBuiltinESMExports } from "node:module";
import { filterScope } from "./stray-errors.ts";

/** They end, or change, what all of a worker's requests stand on. */
const OF_PROCESS = ["exit", "reallyExit", "abort", "kill", "chdir"] as const;
const OF_OUTPUT = ["end", "destroy", "destroySoon"] as const;

type Methods = Record<string, (...args: unknown[]) => unknown>;

let isGuarded = false;

/** From here on, code of filters that asks for one of these gets an error. Heddle itself has them as before. */
export function guardProcess(): void {
  if (isGuarded) return;
  isGuarded = true;
  for (const name of OF_PROCESS) guard(process as unknown as Methods, name, `process.${name}`);
  for (const output of ["stdout", "stderr"] as const)
    for (const name of OF_OUTPUT)
      guard(process[output] as unknown as Methods, name, `process.${output}.${name}`);
  // For `import { exit } from "node:process"`.
  syncBuiltinESMExports();
}

function guard(owner: Methods, name: string, label: string): void {
  const original = owner[name];
  if (typeof original !== "function") return;
  owner[name] = function guarded(this: unknown, ...args: unknown[]): unknown {
    if (isOfFilter()) throw new Error(`a filter may not call ${label}`);
    return Reflect.apply(original, this ?? owner, args);
  };
}

/** A module that is being loaded is in nobody's scope: its URL says whose it is. */
function isOfFilter(): boolean {
  return filterScope.getStore() !== undefined || /\?heddle=[\w-]/.test(String(new Error().stack));
}
