import type { Command } from "commander";
import { newApiKey, withApiKey, type ApiKeyPlace, type NewApiKey } from "../app/index.ts";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { readOptional, replaceFile } from "./key-file.ts";
import { parseUntil } from "./key-time.ts";
import { collect, outputOption } from "./options.ts";
import type { Terminal } from "./terminal.ts";

interface CreateFlags {
  readonly consumer: string;
  readonly scopes?: string[];
  readonly expires?: string;
  readonly prefix: string;
  readonly metadata?: string[];
  readonly file?: string;
  readonly name?: string;
  readonly namespace: string;
  readonly label?: string[];
  readonly overlap?: string;
  readonly output: "text" | "json";
}

export function addKey(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  const key = program
    .command("key")
    .summary("make API keys")
    .description(
      "Makes API keys of consumers, which Secrets hold as hashes. See docs/reference/access-policy.md.",
    )
    .helpCommand(false);
  addCreate(key, terminal, finish);
}

function addCreate(key: Command, terminal: Terminal, finish: (code: number) => void): void {
  key
    .command("create")
    .summary("make an API key")
    .description(
      "Makes an API key and prints it, once: what is kept is its hash. Without -f the Secret to apply goes to standard " +
        "output, and the key to standard error; with -f the Secret is written into that file, and the key goes to " +
        "standard output.\nExit codes: 0 made, 1 the file cannot be read or written, 2 a wrong command line.",
    )
    .requiredOption("--consumer <NAME>", "whose key it is; one may have several")
    .option("--scopes <LIST>", "what it is good for, with commas between; repeatable", collectList)
    .option("--expires <WHEN>", "a time (2027-01-31), or from now on (90d, 12h) (default: never)")
    .option("--prefix <PREFIX>", "how the key begins", "hdl")
    .option("--metadata <NAME=VALUE>", "becomes a claim of the consumer; repeatable", collect)
    .option("-f, --file <PATH>", "the YAML file to write the Secret into, made where there is none")
    .option("--name <NAME>", "of the Secret (default: api-keys)")
    .option("-n, --namespace <NAME>", "of the Secret", "default")
    .option("--label <NAME=VALUE>", "of a new Secret; repeatable", collect)
    .option("--overlap <TIME>", "lets the consumer's other keys in the file expire after it (7d, 0s)")
    .addOption(outputOption())
    .action(async (flags: CreateFlags) => finish(await create(flags, terminal)));
}

const collectList = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  ...value.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()])),
];

async function create(flags: CreateFlags, terminal: Terminal): Promise<number> {
  const nowMs = Date.now();
  const made = makeKey(flags, nowMs);
  const place = placeOf(flags, nowMs);
  const { file } = flags;
  const before = file === undefined ? "" : await readOptional(file);
  const after = withApiKey(before, made, place);
  if (file !== undefined) await replaceFile(file, after);
  print(made, file === undefined ? after : null, flags, terminal);
  return exitCodes.done;
}

function makeKey(
  { consumer, scopes = [], expires, prefix, metadata = [] }: CreateFlags,
  nowMs: number,
): NewApiKey {
  if (consumer === "" || consumer.length > 256)
    throw new UsageError("--consumer must have 1 to 256 characters");
  const bad = scopes.find((scope) => !/^[!#-[\]-~]{1,256}$/.test(scope));
  if (bad !== undefined)
    throw new UsageError(`--scopes: ${JSON.stringify(bad)} is no scope: use visible ASCII`);
  const expiresMs = expires === undefined ? 0 : parseUntil(expires, nowMs, "--expires");
  if (expires !== undefined && expiresMs <= nowMs) throw new UsageError("--expires is in the past");
  try {
    return newApiKey({ prefix, consumer, scopes, expiresMs, metadata: pairs(metadata, "--metadata") }, nowMs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`--prefix must be lower-case words with "_" between, such as hdl or shop_live`);
  }
}

function placeOf(
  { name = "api-keys", namespace, label = [], overlap, file }: CreateFlags,
  nowMs: number,
): ApiKeyPlace {
  if (overlap !== undefined && file === undefined)
    throw new UsageError("--overlap needs -f: it changes keys in a file");
  return {
    name,
    namespace,
    labels: pairs(label, "--label"),
    retireOthersMs: overlap === undefined ? 0 : parseUntil(overlap, nowMs, "--overlap"),
  };
}

const metadataName = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

function pairs(texts: readonly string[], option: string): Record<string, string> {
  const found = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    const name = text.slice(0, Math.max(equals, 0));
    const isReserved =
      option === "--metadata" && (name === "scope" || name === "key_id" || !metadataName.test(name));
    if (name === "" || isReserved)
      throw new UsageError(`${option} must be NAME=VALUE, got ${JSON.stringify(text)}`);
    found.set(name, text.slice(equals + 1));
  }
  return Object.fromEntries(found);
}

function print(
  { key, id, entry }: NewApiKey,
  document: string | null,
  { output, file }: CreateFlags,
  terminal: Terminal,
): void {
  if (output === "json") {
    const secret = document === null ? { file } : { document };
    terminal.out(`${JSON.stringify({ key, id, ...entry, ...secret }, null, 2)}\n`);
  } else if (document === null) {
    terminal.out(`${key}\n`);
    terminal.err(`This is the only time that the key is shown. ${file} has its hash, as ${id}.\n`);
  } else {
    terminal.out(document);
    terminal.err(
      `${key}\nThis is the only time that the key is shown; what is to be applied has its hash.\n`,
    );
  }
}
