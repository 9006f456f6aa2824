/** Faults injected into a share of the requests. A share is from 0 to 1. */
export interface FaultsConfig {
  /** Null: none. */
  readonly delay: { readonly ms: number; readonly share: number } | null;
  readonly abort: FaultsAbort | null;
  /** All must be there, each with exactly this value; names in lower case. Empty: every request. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export interface FaultsAbort {
  /** What gRPC calls are told by what it stands for, where `grpcStatus` is -1; 0: only gRPC calls are aborted. */
  readonly httpStatus: number;
  /** -1: none of its own. */
  readonly grpcStatus: number;
  readonly share: number;
}
