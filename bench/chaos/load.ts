import { request as httpRequest, Agent } from "node:http";
import { bodyOf, hashOf } from "./body.ts";

/** What became of one request. */
export interface Outcome {
  method: "GET" | "POST";
  /** milliseconds since the load began, when it was due */
  atMs: number;
  /** until the last octet, from when it was due */
  tookMs: number;
  /** "": well; else what the client saw */
  failure: string;
  /** 200, whole, and not the right one */
  isWrong: boolean;
}

export interface LoadOptions {
  port: number;
  getsPerSecond: number;
  postsPerSecond: number;
  /** a client gives up after so long */
  patienceMs: number;
  /** octets of the right body are compared; false: for origins whose bodies are one */
  items?: number;
}

/** The right bodies of items, made once. */
const rights = new Map<number, string>();

/**
 * Requests at a steady rate, whether or not earlier ones are answered, over kept connections: GETs of items, and POSTs
 * whose answer is the hash of what was sent. Every body is checked by its hash.
 */
export class SteadyLoad {
  readonly outcomes: Outcome[] = [];
  private readonly options: LoadOptions;
  private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: 1_024 });
  private readonly running = new Set<Promise<void>>();
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private gets = 0;
  private posts = 0;

  constructor(options: LoadOptions) {
    this.options = options;
    this.timer = setInterval(() => this.sendDue(), 2);
  }

  nowMs(): number {
    return performance.now() - this.startedMs;
  }

  /** Sends no more, and waits for what is under way. */
  async stop(): Promise<readonly Outcome[]> {
    clearInterval(this.timer);
    await Promise.all(this.running);
    this.agent.destroy();
    return this.outcomes;
  }

  private sendDue(): void {
    const seconds = this.nowMs() / 1_000;
    const { getsPerSecond, postsPerSecond } = this.options;
    while (this.gets < getsPerSecond * seconds) {
      this.begin("GET", (this.gets * 1_000) / getsPerSecond, this.gets);
      this.gets++;
    }
    while (this.posts < postsPerSecond * seconds) {
      this.begin("POST", (this.posts * 1_000) / postsPerSecond, this.posts);
      this.posts++;
    }
  }

  private begin(method: Outcome["method"], atMs: number, number: number): void {
    const done: Promise<void> = (method === "GET" ? this.get(number) : this.post(number)).then(
      ({ failure, isWrong }) => {
        this.running.delete(done);
        this.outcomes.push({ method, atMs, tookMs: this.nowMs() - atMs, failure, isWrong });
      },
    );
    this.running.add(done);
  }

  private async get(number: number): Promise<Pick<Outcome, "failure" | "isWrong">> {
    const item = number % (this.options.items ?? 12);
    let right = rights.get(item);
    if (right === undefined) rights.set(item, (right = hashOf(bodyOf(item))));
    return judge(await this.ask("GET", `/item/${item}`, {}, null), (body) => hashOf(body) === right);
  }

  private async post(number: number): Promise<Pick<Outcome, "failure" | "isWrong">> {
    const sent = Buffer.from(`order ${number} of ${process.pid} `.repeat(40));
    const headers = { "x-id": `${this.startedMs}-${number}`, "content-length": sent.length };
    const right = hashOf(sent);
    return judge(await this.ask("POST", "/orders", headers, sent), (body) => body.toString() === right);
  }

  /** The body of a 200, or what went wrong. */
  private ask(
    method: string,
    path: string,
    headers: Record<string, string | number>,
    body: Buffer | null,
  ): Promise<Buffer | string> {
    const { port, patienceMs } = this.options;
    return new Promise((resolve) => {
      const options = { host: "127.0.0.1", port, method, path, headers, agent: this.agent };
      const request = httpRequest(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", (error) => resolve(`body: ${error.message}`));
        response.on("end", () =>
          resolve(response.statusCode === 200 ? Buffer.concat(chunks) : `status ${response.statusCode}`),
        );
      });
      const patience = setTimeout(() => {
        resolve(`no answer within ${patienceMs} ms`);
        request.destroy();
      }, patienceMs);
      request.on("error", (error) => resolve(`connection: ${error.message}`));
      request.on("close", () => clearTimeout(patience));
      request.end(body);
    });
  }
}

function judge(
  answer: Buffer | string,
  isRight: (body: Buffer) => boolean,
): Pick<Outcome, "failure" | "isWrong"> {
  if (typeof answer === "string") return { failure: answer, isWrong: false };
  return isRight(answer) ? { failure: "", isWrong: false } : { failure: "wrong body", isWrong: true };
}
