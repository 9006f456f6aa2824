/** How long a request may take, and what of it is tried again. */
export interface RequestLimits {
  /** From the request's head to the last octet of the response. 0: no bound. */
  readonly requestTimeoutMs: number;
  /** The same of one attempt. */
  readonly backendRequestTimeoutMs: number;
  /** Null: what is safe, twice. */
  readonly retry: RetrySpec | null;
}

export interface RetrySpec {
  /** Response codes retried; connection failures that are safe to retry always are. */
  readonly codes: readonly number[];
  /** gRPC status codes retried where no message of the response has come; none by default. */
  readonly grpcCodes?: readonly number[];
  /** Attempts after the first. */
  readonly attempts: number;
  /** Pause before the first retry, doubled for each further one, with jitter. 0: at once. */
  readonly backoffMs: number;
  /** Codes of faults after which it is tried again, where that is safe. Default: all of them. */
  readonly faults?: readonly string[];
  /** Requests that may have had an effect are sent again too, whatever their method. Default: they are not. */
  readonly repeatsEffects?: boolean;
  /**
   * Answers of a known length up to this are passed on when they are whole, so that one that breaks off within can be
   * tried again. Default 0: they are passed on as they come.
   */
  readonly holdBytes?: number;
  /** Waits as Retry-After says; an answer that asks for more than can be waited goes out. Default: it is not read. */
  readonly obeysRetryAfter?: boolean;
}

/** Attempts at other endpoints beside one that has no answer yet; the first answer counts. */
export interface HedgeSpec {
  /** After so long without a response head. */
  readonly delayMs: number;
  /** In place of `delayMs`: when so many of the cluster's requests, in percent, had theirs; 0: `delayMs` counts. */
  readonly percentile: number;
  /** Under way at a time, the first one included. */
  readonly maxAttempts: number;
}
