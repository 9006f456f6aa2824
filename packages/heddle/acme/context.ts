import type { Clock, Random } from "@heddle/engine/base";

export type AcmeLog = (
  level: "info" | "warn" | "error",
  message: string,
  fields?: Record<string, unknown>,
) => void;

/** What the parts of this area share. */
export interface AcmeContext {
  /** Holds accounts and certificates; made when there is something to keep. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: AcmeLog;
  /** PEM of the roots that directories without a bundle are checked with; null for those that Node brings. */
  readonly systemCaPem: () => string | null;
  /** Fires at the end of the process: what is under way ends, and counts as no failure. */
  readonly signal: AbortSignal;
}
