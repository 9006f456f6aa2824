const BEATS = 0;
const CALL = 1;
const LAST_CALL = 2;
const CELLS = 3;

/** How often a thread that is watched says that its event loop turns. */
export const BEAT_MS = 1_000;

export const makeThreadBoard = (): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT));

/**
 * What the main thread can read of a worker that does not turn any more: whether its event loop beats, and whose code it
 * is in. Only code that nobody has looked at is told here: a thread without such code does not beat, and is not watched.
 */
class ThreadBoard {
  private cells: Int32Array = new Int32Array(CELLS);
  private announce: ((call: number, name: string) => void) | null = null;
  private readonly calls = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  /** `announce` tells the main thread what a call's number means. A thread that has no board is watched by nobody. */
  attach(cells: Int32Array<SharedArrayBuffer>, announce: (call: number, name: string) => void): void {
    this.cells = cells;
    this.announce = announce;
  }

  /** From here on. More than once is once. */
  beat(): void {
    if (this.timer !== null || this.announce === null) return;
    this.announce(0, "");
    this.timer = setInterval(() => Atomics.add(this.cells, BEATS, 1), BEAT_MS);
    this.timer.unref();
  }

  /** The number of what is named; the same for the same name. */
  numberOf(name: string): number {
    let call = this.calls.get(name);
    if (call !== undefined) return call;
    call = this.calls.size + 1;
    this.calls.set(name, call);
    this.announce?.(call, name);
    return call;
  }

  /** Gives what it was in before, for `leave`. */
  enter(call: number): number {
    const { cells } = this;
    const before = cells[CALL];
    cells[LAST_CALL] = call;
    Atomics.store(cells, CALL, call);
    return before;
  }

  leave(before: number): void {
    Atomics.store(this.cells, CALL, before);
  }
}

/** Of this thread. */
export const threadBoard = new ThreadBoard();

export const beatsOf = (cells: Int32Array): number => Atomics.load(cells, BEATS);
/** 0: none. */
export const callOf = (cells: Int32Array): number => Atomics.load(cells, CALL);
export const lastCallOf = (cells: Int32Array): number => Atomics.load(cells, LAST_CALL);
