import { connectRaw, type RawConnection } from "@heddle/testkit";

/** What one keep-alive client saw. */
export interface LoopReport {
  answers: number;
  /** Each is a defect, but for `end`. */
  problems: string[];
  /** The other side ended cleanly, between two responses. */
  hasEnded: boolean;
}

export interface LoopOptions {
  port: number;
  target: string;
  /** Told of each response's head and body; returns what is wrong with it, or "". */
  check(head: string, body: string): string;
  isOver(): boolean;
}

/** Asks again and again over one connection, each request as soon as the one before is answered. */
export async function loopRequests(options: LoopOptions): Promise<LoopReport> {
  const report: LoopReport = { answers: 0, problems: [], hasEnded: false };
  await using client = await connectRaw(options.port);
  while (!options.isOver()) {
    client.send(`GET ${options.target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const before = client.received.length;
    const answer = await readAnswer(client).catch((error: Error) => error);
    if (answer instanceof Error) {
      const isClean = client.hasEnded && client.received.length === before;
      report.hasEnded = isClean;
      if (!isClean) report.problems.push(answer.message);
      return report;
    }
    report.answers += 1;
    const problem = options.check(answer.head, answer.body);
    if (problem !== "") report.problems.push(problem);
    if (!/^connection: close\r$/im.test(answer.head)) continue;
    report.hasEnded = true;
    return report;
  }
  return report;
}

async function readAnswer(client: RawConnection): Promise<{ head: string; body: string }> {
  const head = await client.receiveUntil("\r\n\r\n", 10_000);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  return { head, body: await client.receiveBytes(length, 10_000) };
}
