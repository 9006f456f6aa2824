import path from "node:path";
import type { Command } from "commander";
import { defaultStateFolder, purgeRunning, type PurgeRequest } from "../app/index.ts";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { outputOption } from "./options.ts";
import type { Terminal } from "./terminal.ts";

interface PurgeFlags {
  readonly url?: string;
  readonly prefix?: string;
  readonly tag?: string;
  readonly all?: true;
  readonly state?: string;
  readonly output: "text" | "json";
}

export function addCache(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  const cache = program
    .command("cache")
    .summary("purge caches")
    .description("Works on the caches of a running heddle. See docs/reference/content-policy.md.")
    .helpCommand(false);
  cache
    .command("purge")
    .summary("have stored responses answered no more")
    .description(
      "Has the heddle that runs with this state folder answer from its caches nothing more of what it asked for until " +
        "now and what is named: one URL, all that begin with another, those with a tag, or all. When it ends that is so " +
        "in every worker.\nExit codes: 0 purged, 1 none runs or it could not, 2 a wrong command line.",
    )
    .option("--url <URL>", "with its query, as clients ask for it: http://shop.example/a?page=2")
    .option("--prefix <URL>", "all that begin so: https://shop.example/images/")
    .option("--tag <TAG>", "of the Surrogate-Key or Cache-Tag of responses")
    .option("--all", "everything")
    .option(
      "--state <DIR>",
      "of the running heddle (default: $XDG_STATE_HOME/heddle or ~/.local/state/heddle)",
    )
    .addOption(outputOption())
    .action(async (flags: PurgeFlags) => finish(await purge(flags, terminal)));
}

async function purge(flags: PurgeFlags, terminal: Terminal): Promise<number> {
  const request = readRequest(flags);
  const stateFolder = path.resolve(flags.state ?? defaultStateFolder());
  const done = await purgeRunning(stateFolder, request);
  if (flags.output === "json") terminal.out(`${JSON.stringify({ ...request, purged: done })}\n`);
  else for (const { version, pid } of done) terminal.out(`purged in heddle ${version} (pid ${pid})\n`);
  return exitCodes.done;
}

function readRequest({ url, prefix, tag, all }: PurgeFlags): PurgeRequest {
  const given: PurgeRequest[] = [
    ...(url === undefined ? [] : [{ by: "url", value: readUrl("--url", url) } as const]),
    ...(prefix === undefined ? [] : [{ by: "prefix", value: readUrl("--prefix", prefix) } as const]),
    ...(tag === undefined ? [] : [{ by: "tag", value: tag } as const]),
    ...(all === undefined ? [] : [{ by: "all", value: "" } as const]),
  ];
  const [only] = given;
  if (only === undefined || given.length > 1)
    throw new UsageError("give one of --url, --prefix, --tag and --all");
  return only;
}

/** In the one form that keys have: names in lower case, no default port, no fragment. */
function readUrl(option: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:\/\//i.test(text))
    throw new UsageError(`${option} must be a whole URL such as http://shop.example/a, not ${text}`);
  const { origin, pathname, search } = new URL(text);
  return `${origin}${pathname}${search}`;
}
