/** A slice of work between two turns of the event loop: traffic waits no longer than this. */
const SLICE_MS = 0.25;

/** Runs a generator to its end in slices; `onSlice` hears how long each took. */
export async function runInSlices<T>(
  work: Generator<unknown, T>,
  now: () => number,
  onSlice: (ms: number) => void,
): Promise<T> {
  for (;;) {
    const startMs = now();
    let step = work.next();
    while (!step.done && now() - startMs < SLICE_MS) step = work.next();
    onSlice(now() - startMs);
    if (step.done) return step.value;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
