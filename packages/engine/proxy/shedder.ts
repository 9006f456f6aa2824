import type { Priority } from "../model/index.ts";

/** A request that is one too many, whose answer waits. */
export interface HeldRequest {
  /** Its answer may go out; harmless when its client has left. */
  turnAway(): void;
}

/** Who may go on while there is more to do than can be done. Cheap and synchronous. */
export interface Shedder {
  /** Load is shed at the moment: else nobody need ask. */
  readonly isOn: boolean;
  /** Whether one more request goes on. */
  admits(priority: Priority, nowMs: number): boolean;
  /** Calls `turnAway` of a request that does not, soon or at once. */
  hold(request: HeldRequest): void;
}
