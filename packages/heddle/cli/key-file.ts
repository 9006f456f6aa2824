import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { reasonOf } from "../sources/index.ts";

/** The text of a file; "" where there is none. */
export async function readOptional(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw new Error(`${file}: ${reasonOf(error as NodeJS.ErrnoException)}`, { cause: error });
  }
}

/** In one step: whoever reads meanwhile has the one or the other. A new file is its owner's alone. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const next = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`);
  try {
    const mode = await stat(file).then(
      (found) => found.mode & 0o777,
      () => 0o600,
    );
    await writeFile(next, text, { mode, flag: "wx" });
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw new Error(`${file}: ${reasonOf(error as NodeJS.ErrnoException)}`, { cause: error });
  }
}
