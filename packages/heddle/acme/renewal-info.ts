import type { AcmeClient } from "./acme-client.ts";
import { AcmeError } from "./acme-error.ts";
import { renewalId } from "./certificate-requests.ts";

export interface RenewalInfo {
  /** When the CA suggests to renew; null where it says nothing. */
  readonly window: { readonly startMs: number; readonly endMs: number } | null;
  /** URL that tells people why; "" for none. */
  readonly explanation: string;
  readonly askAgainMs: number;
}

const HOUR_MS = 3600_000;
const ASK_AGAIN_MS = 6 * HOUR_MS;

/** What the CA suggests for a certificate (RFC 9773 section 4). */
export async function readRenewalInfo(client: AcmeClient, certificatePem: string): Promise<RenewalInfo> {
  const { renewalInfo } = await client.readDirectory();
  const id = renewalId(certificatePem);
  if (renewalInfo === null || id === null) return { window: null, explanation: "", askAgainMs: ASK_AGAIN_MS };
  const url = new URL(`${renewalInfo.href.replace(/\/$/, "")}/${id}`);
  const { value, retryAfterMs } = await client.get(url, "renewal information");
  const { start, end } = (value["suggestedWindow"] ?? {}) as { start?: unknown; end?: unknown };
  const window = { startMs: timeOf(start), endMs: timeOf(end) };
  if (!(window.startMs < window.endMs)) throw new AcmeError("renewal information: no window of two times");
  const explanation =
    typeof value["explanationURL"] === "string" ? value["explanationURL"].slice(0, 1_000) : "";
  // RFC 9773 section 4.3.3: bounds of sense for what is missing or odd.
  const askAgainMs = Math.min(24 * HOUR_MS, Math.max(60_000, retryAfterMs ?? ASK_AGAIN_MS));
  return { window, explanation, askAgainMs };
}

const timeOf = (value: unknown): number => (typeof value === "string" ? Date.parse(value) : Number.NaN);
