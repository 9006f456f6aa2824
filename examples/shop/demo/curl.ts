/** One request of the demo: printed as a curl line, and sent by `--check`. */
export type TryRequest = {
  /**
   * May hold one range, as curl's own: `?n=[1-9]` is nine requests. With `tcp:`, `text` is sent as it is; `wss:` is a
   * WebSocket over HTTP/2, which curl does not open.
   */
  url: string;
  method?: string;
  headers?: Record<string, string>;
  json?: unknown;
  /** A body as it is; its content type is among the headers. */
  text?: string;
  /** The answer has no end: a stream, or a WebSocket. */
  endless?: Endless;
};

export type Endless = {
  /** `--check` reads until this was received. */
  until: string;
  /** `--check` sends this, once, after the first bytes of the answer's body. */
  meanwhile?: TryRequest;
};

export type CurlStyle = {
  flags?: string[];
  /** What the output goes through, for example `sort | uniq -c`. */
  pipe?: string;
  /** The root certificate for https. */
  caFile: string;
};

const endlessSeconds = 3;

/**
 * Formats the command line that sends the request (nc for TCP, follow.ts for a WebSocket over HTTP/2); it can be pasted
 * into a POSIX shell, in the root of the repository.
 */
export function formatCurl(request: TryRequest, { flags = [], pipe, caFile }: CurlStyle): string {
  if (request.url.startsWith("tcp:")) {
    const { hostname, port } = new URL(request.url);
    return `printf ${quoteWord((request.text ?? "").replaceAll("\n", "\\n"))} | nc ${hostname} ${port}`;
  }
  if (request.url.startsWith("wss:"))
    return ["npx", "node", "examples/shop/demo/follow.ts", request.url, caFile].map(quoteWord).join(" ");
  const words = ["curl", ...flags];
  if (request.endless) words.push("-N", "--max-time", String(endlessSeconds));
  if (request.url.startsWith("https:")) words.push("--cacert", caFile);
  // HEAD is asked for with -I: with -X HEAD curl would wait for a body.
  if (request.method && !isImplied(request)) words.push("-X", request.method);
  for (const [name, value] of Object.entries(allHeaders(request))) words.push("-H", `${name}: ${value}`);
  if (request.json !== undefined) words.push("-d", JSON.stringify(request.json));
  if (request.text !== undefined) words.push("-d", request.text);
  words.push(request.url);
  const line = words.map(quoteWord).join(" ");
  return pipe ? `${line} | ${pipe}` : line;
}

// curl posts by itself when there is a body, and -I sends HEAD.
function isImplied({ method, json, text }: TryRequest): boolean {
  return method === "HEAD" || (method === "POST" && (json !== undefined || text !== undefined));
}

/** The request's own headers, with the content-type of its body. */
export function allHeaders({ headers, json }: TryRequest): Record<string, string> {
  return json === undefined ? { ...headers } : { "content-type": "application/json", ...headers };
}

/** The addresses that curl makes of a range; just the one without it. */
export function expandRange(url: string): string[] {
  const range = /\[(\d+)-(\d+)\]/.exec(url);
  if (!range) return [url];
  const [text, from, to] = [range[0], Number(range[1]), Number(range[2])];
  return Array.from({ length: to - from + 1 }, (_, index) => url.replace(text, String(from + index)));
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
