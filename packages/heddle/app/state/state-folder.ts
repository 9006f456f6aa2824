import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, open, readFile, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

export interface StateFolder {
  readonly folder: string;
  /** The bearer token of the API: 43 characters, new only where there was none. */
  readonly token: string;
}

const tokenBytes = 32;
const tokenForm = /^[A-Za-z0-9_-]{43,}$/;

/** `$XDG_STATE_HOME/heddle`, by default `~/.local/state/heddle`. A relative XDG_STATE_HOME is ignored, as its specification asks. */
export function defaultStateFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_STATE_HOME: base } = env;
  if (base !== undefined && path.isAbsolute(base)) return path.join(base, "heddle");
  return path.join(os.homedir(), ".local/state/heddle");
}

const tokenPath = (folder: string): string => path.join(folder, "token");

/** Makes the folder (0700) and the token in it (0600) where they are missing. Throws Error with the mend. */
export async function openStateFolder(folder: string): Promise<StateFolder> {
  await makeFolder(folder);
  const { mode, uid } = await stat(folder);
  if (process.getuid !== undefined && uid !== process.getuid()) {
    throw new Error(`state folder ${folder} belongs to another user; give another one with --state`);
  }
  if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
  return { folder, token: (await readToken(folder)) ?? (await makeToken(folder)) };
}

/** By hand: the recursive mkdir of Node does not end below /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = path.dirname(folder);
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || parent === folder || existsSync(parent)) {
      throw new Error(
        `state folder ${folder} cannot be made: ${(error as Error).message}; give another one with --state`,
        { cause: error },
      );
    }
    await makeFolder(parent);
    await makeFolder(folder);
  }
}

/** The token of a state folder, undefined where there is none. Throws Error for a file that others can read. */
async function readToken(folder: string): Promise<string | undefined> {
  const file = tokenPath(folder);
  let text: string;
  try {
    text = (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (((await stat(file)).mode & 0o077) !== 0) {
    throw new Error(
      `${file} can be read by others, so its token is no secret; delete the file to get a new one`,
    );
  }
  if (!tokenForm.test(text)) throw new Error(`${file} holds no token; delete the file to get a new one`);
  return text;
}

async function makeToken(folder: string): Promise<string> {
  const token = randomBytes(tokenBytes).toString("base64url");
  try {
    await using file = await open(tokenPath(folder), "wx", 0o600);
    await file.writeFile(`${token}\n`);
    await file.sync();
    return token;
  } catch (error) {
    // Another Heddle with the same folder was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const other = await readToken(folder);
    if (other === undefined) throw error;
    return other;
  }
}
