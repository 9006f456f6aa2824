import { formatApiAddress, type ApiAddress } from "../api/index.ts";

const timeoutMs = 30_000;

/** Asks a running heddle. Throws Error that says what to do where none answers. */
export async function askApi(address: ApiAddress, target: string): Promise<unknown> {
  const place = formatApiAddress(address);
  let answer: Response;
  try {
    answer = await fetch(`http://${place}${target}`, { signal: AbortSignal.timeout(timeoutMs) });
  } catch {
    throw new Error(
      `no heddle answers at ${place}; start one with heddle run, name another with --api, or give files with -f`,
    );
  }
  const body = (await answer.json()) as { message?: string };
  if (answer.ok) return body;
  throw new Error(`heddle at ${place} answered ${answer.status}: ${body.message ?? ""}`);
}
