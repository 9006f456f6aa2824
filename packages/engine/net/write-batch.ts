/** A connection with text that is to go out. */
export interface BatchedWriter {
  /** Sends what was gathered; called once for each `sendWithBatch`. */
  sendBatched(): void;
}

/** How many writes go out together at most: so many requests the first one waits for. */
const MAX_BATCH = 1_024;

let batch: BatchedWriter[] = [];
let spare: BatchedWriter[] = [];

/**
 * Sends `writer`'s text once the sockets that were readable are worked off, or earlier when many wait. A write that
 * is made between two requests runs the kernel's whole sending and receiving path, which takes the caches of the
 * code that works requests off; in a row each half finds its own code warm (docs/adr/0024-writes-in-batches.md).
 */
export function sendWithBatch(writer: BatchedWriter): void {
  const length = batch.push(writer);
  if (length === 1) setImmediate(sendBatch);
  else if (length === MAX_BATCH) sendBatch();
}

function sendBatch(): void {
  const writers = batch;
  batch = spare;
  for (let at = 0; at < writers.length; at++) writers[at].sendBatched();
  writers.length = 0;
  spare = writers;
}
