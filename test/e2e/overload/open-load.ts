import http from "node:http";
import http2 from "node:http2";

export interface LoadOutcome {
  /** Milliseconds that each answer 200 took. */
  readonly served: number[];
  /** Bodies of those with 503. */
  readonly refused: string[];
  readonly other: number[];
}

/**
 * Requests at a steady rate, whether or not earlier ones are answered, each on a free connection or a new one. Resolves
 * when all are answered.
 */
export async function openLoad(url: string, perSecond: number, durationMs: number): Promise<LoadOutcome> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
  const outcome: LoadOutcome = { served: [], refused: [], other: [] };
  const answers: Promise<void>[] = [];
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - startMs;
      const due = Math.floor((Math.min(elapsedMs, durationMs) / 1_000) * perSecond);
      while (answers.length < due) answers.push(askOnce(url, agent, outcome));
      if (elapsedMs < durationMs) return;
      clearInterval(timer);
      resolve();
    }, 2);
  });
  await Promise.all(answers);
  agent.destroy();
  return outcome;
}

/** As many requests at a time as `connections`, each after the answer to the one before: answers 200 a second. */
export async function measurePeak(url: string, connections: number, durationMs: number): Promise<number> {
  const outcome = await closedLoad(url, connections, durationMs);
  return outcome.served.length / (durationMs / 1_000);
}

/** As many requests at a time as `connections`, each on one of its own and after the answer to the one before. */
export async function closedLoad(url: string, connections: number, durationMs: number): Promise<LoadOutcome> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const outcome: LoadOutcome = { served: [], refused: [], other: [] };
  const endMs = performance.now() + durationMs;
  const client = async (): Promise<void> => {
    while (performance.now() < endMs) await askOnce(url, agent, outcome);
  };
  await Promise.all(Array.from({ length: connections }, client));
  agent.destroy();
  return outcome;
}

/** As `closedLoad`, on streams of a few connections of HTTP/2. */
export async function closedHttp2Load(
  url: string,
  connections: number,
  streams: number,
  durationMs: number,
): Promise<LoadOutcome> {
  const outcome: LoadOutcome = { served: [], refused: [], other: [] };
  const endMs = performance.now() + durationMs;
  const sessions = Array.from({ length: connections }, () => http2.connect(url));
  const client = async (session: http2.ClientHttp2Session): Promise<void> => {
    while (performance.now() < endMs) await askStream(session, outcome);
  };
  await Promise.all(sessions.flatMap((session) => Array.from({ length: streams }, () => client(session))));
  for (const session of sessions) session.close();
  return outcome;
}

function askStream(session: http2.ClientHttp2Session, outcome: LoadOutcome): Promise<void> {
  const sentMs = performance.now();
  return new Promise((resolve) => {
    const stream = session.request({ ":path": "/" });
    let [status, body] = [0, ""];
    stream.on("response", (head) => (status = Number(head[":status"])));
    stream.setEncoding("latin1").on("data", (text: string) => (body += text));
    stream.on("error", () => {}); // "close" follows
    stream.on("close", () => {
      count(outcome, status, performance.now() - sentMs, body);
      resolve();
    });
  });
}

function count(outcome: LoadOutcome, status: number, tookMs: number, body: string): void {
  if (status === 200) outcome.served.push(tookMs);
  else if (status === 503) outcome.refused.push(body);
  else outcome.other.push(status);
}

function askOnce(url: string, agent: http.Agent, outcome: LoadOutcome): Promise<void> {
  const sentMs = performance.now();
  return new Promise((resolve) => {
    const request = http.get(url, { agent }, (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (text: string) => (body += text));
      response.on("end", () => {
        count(outcome, response.statusCode ?? 0, performance.now() - sentMs, body);
        resolve();
      });
    });
    request.on("error", () => {
      outcome.other.push(0);
      resolve();
    });
  });
}

export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? NaN;
}
