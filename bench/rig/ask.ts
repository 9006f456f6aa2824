import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { tailOf, type Running } from "./processes.ts";

export interface Question {
  url: string;
  method?: "GET" | "POST";
  bodyBytes?: number;
}

export interface Answer {
  status: number;
  body: string;
}

/** One request on a connection of its own, certificate unchecked, given up after 5 s. */
export function ask({ url, method = "GET", bodyBytes = 0 }: Question): Promise<Answer> {
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = { method, agent: false, rejectUnauthorized: false, timeout: 5000, family: 4 };
    const request = send(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", reject);
    request.end("x".repeat(bodyBytes));
  });
}

/** Asks until the answer is 200 with a body of `expectBytes` (undefined: of any length); throws with the process's last words after `timeoutMs`. */
export async function waitUntilServing(
  of: Running,
  question: Question,
  expectBytes: number | undefined,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = "";
  while (performance.now() < deadline) {
    if (!of.isRunning()) throw new Error(`${of.name} ended at its start:\n${tailOf(of.outputFile)}`);
    last = await ask(question).then(
      (answer) => refusalOf(answer, expectBytes),
      (error: Error) => error.message,
    );
    if (last === "") return;
    await sleep(50);
  }
  const seconds = timeoutMs / 1000;
  throw new Error(
    `${of.name} does not serve ${question.url} after ${seconds} s: ${last}\n${tailOf(of.outputFile)}`,
  );
}

function refusalOf({ status, body }: Answer, expectBytes: number | undefined): string {
  if (status !== 200) return `status ${status}`;
  return expectBytes === undefined || body.length === expectBytes
    ? ""
    : `body is ${body.length} bytes, expected ${expectBytes}`;
}
