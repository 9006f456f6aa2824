import { registerHooks } from "node:module";
import type { FilterCode, FilterModule } from "./config.ts";

/** Marks the URLs of a version: `file:///srv/filters/tenant.ts?heddle=<hash>`. */
const mark = "?heddle=";

/** What modules of the user are given by Heddle's own copy: a second one would be another. */
const ownSpecifier = /^(@heddle\/(engine|filters)(\/|$)|typebox(\/|$))/;

export function versionedUrl(url: string, hash: string): string {
  return `${url}${mark}${hash}`;
}

/** The hash of the version that a stack, or a URL, is of; "" for none. */
function versionIn(text: string): string {
  return /\?heddle=([\w-]+)/.exec(text)?.[1] ?? "";
}

/** Heddle's own packages by name, and TypeBox where the project has none; null for all else. */
export function ownModule(specifier: string, next: () => { url: string }): string | null {
  if (!ownSpecifier.test(specifier)) return null;
  if (specifier.startsWith("@heddle/")) return import.meta.resolve(specifier);
  try {
    return next().url;
  } catch {
    return import.meta.resolve(specifier);
  }
}

/**
 * Gives the modules of one version from memory: every worker runs the very text that was checked, a worker that starts
 * later too, whatever became of the files. Two versions of a file are two modules, since their URLs differ.
 */
class CodeHooks {
  private readonly versions = new Map<string, ReadonlyMap<string, FilterModule>>();
  private isInstalled = false;

  add(hash: string, { modules }: FilterCode): void {
    this.versions.set(hash, new Map(modules.map((module) => [module.url, module])));
    if (this.isInstalled) return;
    this.isInstalled = true;
    registerHooks({
      resolve: (specifier, context, next) => {
        const hash = versionIn(context.parentURL ?? specifier);
        if (hash === "") return next(specifier, context);
        const own = ownModule(specifier, () => next(specifier, context));
        if (own !== null) return { url: own, shortCircuit: true };
        const found = next(specifier, context);
        const [plain = ""] = found.url.split(mark);
        const module = this.versions.get(hash)?.get(plain);
        if (module === undefined) return found;
        return { ...found, url: versionedUrl(plain, hash), format: module.format, shortCircuit: true };
      },
      load: (url, context, next) => {
        const [plain = "", hash = ""] = url.split(mark);
        const module = this.versions.get(hash)?.get(plain);
        if (module === undefined) return next(url, context);
        return { format: module.format, source: module.source, shortCircuit: true };
      },
    });
  }
}

export const codeHooks = new CodeHooks();
