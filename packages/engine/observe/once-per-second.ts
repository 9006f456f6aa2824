/**
 * Lets one line per kind through each second, so that what an attacker can cause as often as they like costs one
 * line, with the number of those kept back since the last. Kinds come from a bounded table.
 */
export class OncePerSecond<Kind extends string> {
  private readonly kinds = new Map<Kind, { untilMs: number; suppressed: number }>();

  /** At `nowMs` of a monotonic clock: how many were kept back since the last line, or -1: keep this one back too. */
  admit(kind: Kind, nowMs: number): number {
    const state = this.kinds.get(kind);
    if (state === undefined) {
      this.kinds.set(kind, { untilMs: nowMs + 1_000, suppressed: 0 });
      return 0;
    }
    if (nowMs < state.untilMs) {
      state.suppressed++;
      return -1;
    }
    const { suppressed } = state;
    state.untilMs = nowMs + 1_000;
    state.suppressed = 0;
    return suppressed;
  }
}
