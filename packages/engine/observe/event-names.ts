import { SEGMENT_SLOTS } from "./layout.ts";

/**
 * Names of counters that a worker makes up as it builds its filters ("cors|refused"), written beside the numbers in
 * shared memory, so that the reader needs no message to know them.
 *
 *   slot   [ length, byte 1 … byte 63 ]      the length is stored last: a name is there whole or not at all
 *
 * Slot 0 is "other": it takes what finds no room. Names are ASCII, cut at 63 bytes.
 */
const SLOT_BYTES = 64;
export const EVENT_NAMES_BYTES = SEGMENT_SLOTS * SLOT_BYTES;

export class EventNames {
  private readonly bytes: Uint8Array;
  private readonly slots = new Map<string, number>();

  constructor(memory: SharedArrayBuffer) {
    this.bytes = new Uint8Array(memory);
  }

  /** By the worker: the slot of a name, a new one where it has none; 0 when there is no room. */
  slotOf(name: string): number {
    const known = this.slots.get(name);
    if (known !== undefined) return known;
    const slot = this.slots.size + 1;
    if (slot >= SEGMENT_SLOTS) return 0;
    this.slots.set(name, slot);
    const at = slot * SLOT_BYTES;
    const length = Math.min(name.length, SLOT_BYTES - 1);
    for (let i = 0; i < length; i++) this.bytes[at + 1 + i] = name.charCodeAt(i);
    Atomics.store(this.bytes, at, length);
    return slot;
  }

  /** By the reader: the name in a slot; "" while there is none. */
  read(slot: number): string {
    const at = slot * SLOT_BYTES;
    const length = Atomics.load(this.bytes, at);
    let name = "";
    for (let i = 1; i <= length; i++) name += String.fromCharCode(this.bytes[at + i]);
    return name;
  }
}
