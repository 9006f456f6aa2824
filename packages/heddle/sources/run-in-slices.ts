/**
 * Runs work that yields, giving way to other work of the thread every `sliceMs` (default 10). The steps between two
 * yields are the caller's to keep short.
 */
export async function runInSlices<T>(steps: Generator<void, T>, sliceMs: number = 10): Promise<T> {
  for (;;) {
    const endMs = performance.now() + sliceMs;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < endMs);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
