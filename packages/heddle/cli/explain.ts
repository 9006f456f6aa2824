import type { Command } from "commander";
import { parseApiAddress } from "../api/index.ts";
import { checkPaths, explainRequest, parseExplainRequest, type RequestExplanation } from "../app/index.ts";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { askApi } from "./ask-api.ts";
import { formatExplanation } from "./format-explanation.ts";
import { assertPathsExist, collect, defaultPort, outputOption } from "./options.ts";
import type { Terminal } from "./terminal.ts";

interface ExplainFlags {
  readonly file?: string[];
  readonly header?: string[];
  readonly api: string;
  readonly output: "text" | "json";
}

export function addExplain(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command("explain")
    .summary("say where a request would go, and why")
    .description(
      "Prints which listener, route, rule, filters and endpoints a request would take, and why the others did not\n" +
        "match. With -f by that configuration, else by the one that a running heddle has in force.\n" +
        "Exit codes: 0 a route takes it, 1 none does, 2 a wrong command line.",
    )
    .argument("<METHOD>", "such as GET")
    .argument("<URL>", "such as http://shop.localhost:8080/api/x")
    .option("-H, --header <NAME: VALUE>", "a header of the request; repeatable", collect)
    .option("-f, --file <PATH>", "explain by this configuration; repeatable", collect)
    .option("--api <ADDRESS:PORT>", "the API of the running heddle", "127.0.0.1:9901")
    .addOption(outputOption())
    .action(async (method: string, url: string, flags: ExplainFlags) =>
      finish(await explain(method, url, flags, terminal)),
    );
}

async function explain(
  method: string,
  url: string,
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<number> {
  const { file = [], header = [], api, output } = flags;
  const request = usage(() => parseExplainRequest(method, url, header));
  const explanation =
    file.length > 0
      ? await explainLocally(request, file)
      : await askRunning(
          usage(() => parseApiAddress(api)),
          method,
          url,
          header,
        );
  terminal.out(
    output === "json" ? `${JSON.stringify(explanation, null, 2)}\n` : formatExplanation(explanation),
  );
  return explanation.listeners.some(({ match }) => match !== null) ? exitCodes.done : exitCodes.failed;
}

async function explainLocally(
  request: ReturnType<typeof parseExplainRequest>,
  paths: readonly string[],
): Promise<RequestExplanation> {
  await assertPathsExist(paths);
  const { units, policies } = await checkPaths(paths, defaultPort);
  return explainRequest(
    request,
    units.map(({ unit }) => unit),
    policies,
  );
}

async function askRunning(
  address: ReturnType<typeof parseApiAddress>,
  method: string,
  url: string,
  headers: readonly string[],
): Promise<RequestExplanation> {
  const query = new URLSearchParams({ method, url });
  for (const header of headers) query.append("header", header);
  return (await askApi(address, `/explain?${query.toString()}`)) as RequestExplanation;
}

/** What is wrong with an argument is a mistake in the command line. */
function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
