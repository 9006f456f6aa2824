import { setTimeout as delay } from "node:timers/promises";
import { expandRange } from "./curl.ts";
import { sendRequest } from "./send.ts";
import type { Answer } from "./send.ts";
import type { Try } from "./tries.ts";

export type CheckResult = { shows: string; complaint: string | undefined };

const eventualMs = 5_000;
const askAgainMs = 50;

/** Sends the request of one try and says what is wrong with the answer, if anything is. */
export async function checkTry(attempt: Try, ca: string): Promise<CheckResult> {
  const deadline = Date.now() + (attempt.isEventual ? eventualMs : 0);
  for (;;) {
    const complaint = await complainOf(attempt, ca);
    if (complaint === undefined || Date.now() >= deadline) return { shows: attempt.shows, complaint };
    await delay(askAgainMs);
  }
}

async function complainOf({ request, expect }: Try, ca: string): Promise<string | undefined> {
  try {
    const answers: Answer[] = [];
    for (const url of expandRange(request.url)) answers.push(await sendRequest(url, request, ca));
    expect(answers);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
