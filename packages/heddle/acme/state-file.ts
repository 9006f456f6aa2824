import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";

export type ReadState<T> =
  | { readonly kind: "absent" }
  /** `wasOpen`: others could read it, which is mended. */
  | { readonly kind: "read"; readonly value: T; readonly wasOpen: boolean }
  /** What it held is set aside at `asideAs`, for a person to look at. */
  | { readonly kind: "damaged"; readonly mistake: string; readonly asideAs: string };

/**
 * Reads a JSON file of the state folder that holds keys. `parse` throws for what it does not understand. A damaged
 * file is set aside under another name, so that the state begins anew and nothing is lost.
 */
export async function readStateFile<T>(
  file: string,
  parse: (value: unknown) => T | Promise<T>,
): Promise<ReadState<T>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "absent" };
    throw error;
  }
  try {
    const value = await parse(JSON.parse(text));
    const wasOpen = ((await stat(file)).mode & 0o077) !== 0;
    if (wasOpen) await chmod(file, 0o600);
    return { kind: "read", value, wasOpen };
  } catch (error) {
    const asideAs = `${file}.damaged`;
    await rename(file, asideAs);
    await chmod(asideAs, 0o600);
    // A parser's message may quote the text, which holds a key.
    const mistake = error instanceof SyntaxError ? "not JSON" : (error as Error).message;
    return { kind: "damaged", mistake, asideAs };
  }
}

/** Replaces the file as a whole (0600): after a crash at any point there is the old one or the new one. */
export async function writeStateFile(file: string, value: unknown): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    {
      await using handle = await open(temporary, "wx", 0o600);
      await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
      await handle.sync();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // The name is on disk when the folder is.
  await using handle = await open(folder, "r");
  await handle.sync();
}
