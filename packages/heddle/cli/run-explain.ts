import { parseApiAddress } from "../api/index.ts";
import {
  explainRequest,
  explainStream,
  isStreamUrl,
  parseExplainRequest,
  parseExplainStream,
  type RequestExplanation,
  type StreamExplanation,
} from "../app/explain/index.ts";
import { checkPaths } from "../app/index.ts";
import { askApi } from "./ask-api.ts";
import { exitCodes, UsageError } from "./exit-codes.ts";
import { formatExplanation } from "./format-explanation.ts";
import { formatStreamExplanation } from "./format-stream-explanation.ts";
import { assertPathsExist, defaultPort } from "./options.ts";
import type { Terminal } from "./terminal.ts";

export interface ExplainFlags {
  readonly file?: string[];
  readonly header?: string[];
  /** Of the process that would run that configuration; a running one knows its own. */
  readonly zone: string;
  readonly node: string;
  readonly api: string;
  readonly output: "text" | "json";
}

type Explanation = RequestExplanation | StreamExplanation;

/** Resolves with the exit code. */
export async function runExplain(
  first: string,
  second: string | undefined,
  { file = [], header = [], api, output, zone, node }: ExplainFlags,
  terminal: Terminal,
): Promise<number> {
  const what = usage(() => whatOf(first, second, header));
  const explanation =
    file.length > 0
      ? await explainLocally(what, file, { zone, node })
      : await askRunning(
          usage(() => parseApiAddress(api)),
          what.query,
        );
  const text =
    "request" in explanation ? formatExplanation(explanation) : formatStreamExplanation(explanation);
  terminal.out(output === "json" ? `${JSON.stringify(explanation, null, 2)}\n` : text);
  return explanation.listeners.some(({ match }) => match !== null) ? exitCodes.done : exitCodes.failed;
}

interface Explained {
  /** Of the API's. */
  readonly query: URLSearchParams;
  by(
    ...facts: [Parameters<typeof explainStream>[1], Parameters<typeof explainStream>[2]]
  ): Explanation | Promise<Explanation>;
}

function whatOf(first: string, second: string | undefined, headers: readonly string[]): Explained {
  if (isStreamUrl(first)) {
    if (second !== undefined || headers.length > 0)
      throw new Error("a connection has neither a method nor headers: give its URL alone");
    const stream = parseExplainStream(first);
    return { query: new URLSearchParams({ url: first }), by: (...facts) => explainStream(stream, ...facts) };
  }
  if (second === undefined) throw new Error("give a method and a URL, or one of tcp://, tls://, udp://");
  const request = parseExplainRequest(first, second, headers);
  const query = new URLSearchParams({ method: first, url: second });
  for (const header of headers) query.append("header", header);
  return { query, by: (...facts) => explainRequest(request, ...facts) };
}

async function explainLocally(
  what: Explained,
  paths: readonly string[],
  place: Pick<ExplainFlags, "zone" | "node">,
): Promise<Explanation> {
  await assertPathsExist(paths);
  const { units, policies } = await checkPaths(paths, defaultPort, place);
  return what.by(
    units.map(({ unit }) => unit),
    policies,
  );
}

async function askRunning(
  address: ReturnType<typeof parseApiAddress>,
  query: URLSearchParams,
): Promise<Explanation> {
  return (await askApi(address, `/explain?${query.toString()}`)) as Explanation;
}

/** What is wrong with an argument is a mistake in the command line. */
function usage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
