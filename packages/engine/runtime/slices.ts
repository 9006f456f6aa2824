/** A slice of work between two turns of the event loop: traffic waits little longer than this. */
const SLICE_MS = 0.1;

/** The next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs a generator to its end in slices, each in a turn of its own; `onSlice` hears how long each took. */
export async function runInSlices<T>(
  work: Generator<unknown, T>,
  now: () => number,
  onSlice: (ms: number) => void,
): Promise<T> {
  for (;;) {
    await nextTurn();
    const startMs = now();
    let step = work.next();
    while (!step.done && now() - startMs < SLICE_MS) step = work.next();
    onSlice(now() - startMs);
    if (step.done) return step.value;
  }
}
