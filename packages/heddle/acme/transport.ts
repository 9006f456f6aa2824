import type { Agent, IncomingHttpHeaders } from "node:http";
import { AcmeError } from "./acme-error.ts";

export interface AcmeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface TransportOptions {
  /** PEM of the roots that the server's certificate is checked with; null for those that Node brings. */
  readonly caPem: string | null;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** A request without an answer is given up. */
const REQUEST_MS = 30_000;
/** A certificate chain is some 10 kB. */
const MAX_BODY = 1_048_576;

/** Requests to one ACME server. Follows no redirect; rejects with AcmeError. `close` ends kept connections. */
export class AcmeTransport {
  private readonly agent: Agent;
  private readonly start: typeof import("node:http").request;
  private readonly signal: AbortSignal;

  constructor(directory: URL, { caPem, signal }: TransportOptions) {
    const isSecure = directory.protocol === "https:";
    const { Agent, request } = process.getBuiltinModule(isSecure ? "node:https" : "node:http");
    this.start = request;
    const authorities = isSecure && caPem !== null ? { ca: caPem } : {};
    this.agent = new Agent({ keepAlive: true, maxSockets: 4, ...authorities });
    this.signal = signal;
  }

  async request(method: "GET" | "HEAD" | "POST", url: URL, body?: string): Promise<AcmeAnswer> {
    try {
      return await this.send(method, url, body);
    } catch (error) {
      if (this.signal.aborted) throw new AcmeError("ended by shutdown", { cause: error });
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === undefined || message.includes(code) ? message : `${code}: ${message}`;
      throw new AcmeError(`${method} ${url.origin}${url.pathname} failed: ${reason}`, { cause: error });
    }
  }

  private send(method: string, url: URL, body: string | undefined): Promise<AcmeAnswer> {
    return new Promise((resolve, reject) => {
      const request = this.start(url, {
        method,
        agent: this.agent,
        signal: AbortSignal.any([this.signal, AbortSignal.timeout(REQUEST_MS)]),
        headers: {
          // RFC 8555 section 6.1
          "user-agent": "heddle",
          "accept-language": "en",
          ...(body === undefined
            ? {}
            : { "content-type": "application/jose+json", "content-length": Buffer.byteLength(body) }),
        },
      });
      request.on("error", reject);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_BODY) request.destroy(new Error(`the answer has more than ${MAX_BODY} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
