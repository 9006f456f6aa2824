import { existsSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { isBuiltin } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** Where a Filter's module is to be looked for. */
export interface FilterModulePlace {
  /** The URL of a file, or the name of an npm module as it is seen from `from`. */
  readonly specifier: string;
  /** The URL of the file that names it. */
  readonly from: string;
}

/**
 * Finds the module that a Filter names: a path from the file that the Filter is written in, or a name of npm from there. A
 * path must stay in the project (the nearest folder above with a package.json, or the file's own folder), links
 * resolved: what may write a Filter may not name any file of the machine. Gives what is wrong where it is none.
 */
export async function findFilterModule(module: string, origin: string): Promise<FilterModulePlace | string> {
  const file = path.resolve(origin.replace(/: resources\[\d+\]$/, ""));
  const from = pathToFileURL(file).href;
  if (!module.startsWith(".")) {
    return isBuiltin(module)
      ? `${module} is a module of Node; give one of npm, or a path that begins with ./`
      : { specifier: module, from };
  }
  const folder = await realpath(path.dirname(file)).catch(() => path.dirname(file));
  const root = projectOf(folder);
  const target = path.resolve(folder, module);
  try {
    const real = await realpath(target);
    if (!isBelow(real, root)) return `${module} leads out of the project, which is the folder ${root}`;
    if (!(await stat(real)).isFile()) return `${module} is no file`;
    return { specifier: pathToFileURL(real).href, from };
  } catch {
    const shown = path.relative(folder, target);
    return `there is no file ${shown.startsWith(".") ? shown : `./${shown}`} in ${folder}; a path is from the file that the Filter is written in`;
  }
}

export const isBelow = (file: string, folder: string): boolean => file.startsWith(withSeparator(folder));

const withSeparator = (folder: string): string => (folder.endsWith(path.sep) ? folder : folder + path.sep);

/** The nearest folder at or above `folder` with a package.json; itself where there is none. */
export function projectOf(folder: string): string {
  for (let at = folder; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, "package.json"))) return at;
    if (path.dirname(at) === at) return folder;
  }
}
