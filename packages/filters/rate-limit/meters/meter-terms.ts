import type { MeterConfig } from "../config.ts";

/** What a limit lets a client use up, and in how many seconds it comes back; 0 seconds: when it is given back. */
export interface MeterTerms {
  readonly quota: number;
  readonly windowS: number;
}

const calendarS = { minute: 60, hour: 3600, day: 86_400, month: 31 * 86_400 } as const;

export function meterTerms(config: MeterConfig): MeterTerms {
  switch (config.kind) {
    case "token-bucket": {
      const { tokens, periodMs, burst } = config;
      return { quota: burst, windowS: Math.max(1, Math.ceil((burst * periodMs) / tokens / 1000)) };
    }
    case "sliding-window":
      return { quota: config.quota, windowS: Math.ceil(config.windowMs / 1000) };
    case "fixed-window":
      return { quota: config.quota, windowS: calendarS[config.unit] };
    case "concurrency":
      return { quota: config.quota, windowS: 0 };
  }
}
