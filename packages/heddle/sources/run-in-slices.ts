import { Pace } from "@heddle/engine/base";

/**
 * Runs work that yields; between two steps it rests as `pace` says, by default for other work of the thread each tenth of a
 * millisecond. How long a step takes is the caller's to keep short.
 */
export async function runInSlices<T>(
  steps: Generator<void, T>,
  pace: Pace = new Pace({ napMs: 0 }),
): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    const rest = pace.rest();
    if (rest !== undefined) await rest;
  }
}
