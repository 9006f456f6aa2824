import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";

export interface ListedFile {
  /** As it is shown: the given path, with what was found below it. */
  readonly file: string;
  /** Changes whenever the file may have changed. */
  readonly signature: string;
  readonly modifiedMs: number;
  /** A pipe or the like, such as the shell's <(…): it can be read once. */
  readonly isStream: boolean;
}

export interface FileListing {
  /** Sorted by path within each given path, each file once. */
  readonly files: readonly ListedFile[];
  /** Folders to watch: all that were walked, and those of the given files. */
  readonly folders: readonly string[];
  /** Given paths and folders that could not be looked at, with the system's reason. */
  readonly failures: readonly {
    readonly path: string;
    readonly message: string;
    readonly isMissing: boolean;
  }[];
}

/** More than this is no configuration but a folder given by mistake. */
const maxFiles = 20_000;
const configuration = /\.(ya?ml|json)$/;
export const configModuleName = /^heddle\.config\.(ts|mts|js|mjs)$/;

/** Names that are nobody's configuration: hidden ones (`..data` of mounted ConfigMaps too), what editors leave, packages. */
const isLeftOut = (name: string) => name.startsWith(".") || name.endsWith("~") || name === "node_modules";

/**
 * The configuration files of paths: a file as it is, a folder with all below it. Links are followed. JSON that
 * belongs to other tools (package.json, tsconfig.json) is left out.
 */
export async function listFiles(paths: readonly string[]): Promise<FileListing> {
  const walk = new Walk();
  for (const one of paths) await walk.visit(one, true);
  return { files: [...walk.files.values()], folders: [...walk.folders], failures: walk.failures };
}

class Walk {
  /** By real path, so that two ways to one file give it once. */
  readonly files = new Map<string, ListedFile>();
  readonly folders = new Set<string>();
  readonly failures: { path: string; message: string; isMissing: boolean }[] = [];
  private readonly visited = new Set<string>();

  async visit(file: string, isGiven: boolean): Promise<void> {
    try {
      const found = await stat(file, { bigint: true });
      if (found.isDirectory()) return await this.visitFolder(file);
      if (isGiven) this.folders.add(path.dirname(file));
      // To read a pipe that lies in a folder would wait for its writer for ever.
      else if (!isConfiguration(file) || !found.isFile()) return;
      if (this.files.size >= maxFiles)
        throw new Error(`there are more than ${maxFiles} files; give a folder that has configuration only`);
      const signature = `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
      this.files.set(await realpath(file), {
        file,
        signature,
        modifiedMs: Number(found.mtimeMs),
        isStream: !found.isFile(),
      });
    } catch (error) {
      this.fail(file, error as NodeJS.ErrnoException);
    }
  }

  private async visitFolder(folder: string): Promise<void> {
    const real = await realpath(folder);
    if (this.visited.has(real)) return;
    this.visited.add(real);
    this.folders.add(folder);
    const names = (await readdir(folder)).filter((name) => !isLeftOut(name)).sort();
    for (const name of names) {
      if (!isOfOtherTools(name)) await this.visit(path.join(folder, name), false);
    }
  }

  /** A file that vanished between listing and looking is no failure. */
  private fail(file: string, error: NodeJS.ErrnoException): void {
    const isMissing = error.code === "ENOENT" || error.code === "ENOTDIR";
    this.failures.push({ path: file, message: reasonOf(error), isMissing });
  }
}

const isConfiguration = (file: string) =>
  configuration.test(file) || configModuleName.test(path.basename(file));

const isOfOtherTools = (name: string) => /^(package(-lock)?|tsconfig(\..+)?)\.json$/.test(name);

/** The system's reason in words, without the call that met it. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "ENOENT":
    case "ENOTDIR":
      return "no such file or folder";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "is a folder";
    case "EMFILE":
    case "ENFILE":
      return "too many open files";
    default:
      return error.message.replace(/^[A-Z]+: /, "").replace(/, \w+ '.*$/, "");
  }
}
