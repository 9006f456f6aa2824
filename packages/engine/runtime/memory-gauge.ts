import os from "node:os";
import v8 from "node:v8";

/** From this share of a limit on fewer requests are admitted, and at the second none. */
const SHORT = 0.85;
const FULL = 0.95;

/** Bytes; Infinity: no limit. */
export interface MemoryReading {
  readonly heapUsed: number;
  readonly heapLimit: number;
  /** Of the whole process, and what its container may have. */
  readonly resident: number;
  readonly residentLimit: number;
}

/** This thread's heap, and the process's resident memory. Costs some twenty microseconds. */
export function readMemory(): MemoryReading {
  const { used_heap_size, heap_size_limit } = v8.getHeapStatistics();
  return {
    heapUsed: used_heap_size,
    heapLimit: heap_size_limit,
    resident: RESIDENT_LIMIT === Infinity ? 0 : process.memoryUsage.rss(),
    residentLimit: RESIDENT_LIMIT,
  };
}

/** Share of requests (0–1) that memory allows: less and less as heap or resident memory come near their limits. */
export function memoryShare({ heapUsed, heapLimit, resident, residentLimit }: MemoryReading): number {
  const used = Math.max(heapUsed / heapLimit, resident / residentLimit);
  return Math.min(1, Math.max(0, (FULL - used) / (FULL - SHORT)));
}

/** A container's own limit; the machine's memory is not ours alone. */
const RESIDENT_LIMIT = containerLimit();

function containerLimit(): number {
  const bytes = process.constrainedMemory();
  return bytes > 0 && bytes < os.totalmem() ? bytes : Infinity;
}
