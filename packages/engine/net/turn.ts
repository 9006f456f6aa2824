import { SLAB_BYTES } from "./slab-pool.ts";

/** Who gets what was read, when its turn comes. */
export interface TurnReader {
  received(length: number, bytes: Buffer): boolean;
}

/** Gathers what many exchanges write, and sends it together. */
export interface TurnEnd {
  /** The octets that were read in this turn are worked off. */
  onTurnEnd(): void;
}

/** A connection with text that is to go out. */
export interface TurnWriter {
  /** Sends what was gathered; called once for each `writeInTurn`. */
  sendGathered(): void;
}

/** Most heads of requests and small answers. Longer reads are worked off where they are. */
const READ_BYTES = 2_048;
/** What one poll of the event loop may find. */
const MAX_IN_TURN = 1_024;

/*
 * A turn of the event loop, in which many sockets are readable, is worked off in rows:
 *
 *   the system's reads ─► readers, in their order ─► turn ends (HTTP/2 makes frames of what came) ─► writes
 *
 * In a row each step finds its own code in the caches; one request after the other would run the kernel's sending and
 * receiving in between, which takes them (docs/adr/0024-turns-in-rows.md, with the figures).
 */
let isAsked = false;
/** Slots for what was read, made as they are needed. */
const slots: Buffer[] = [];
const readers: (TurnReader | null)[] = [];
const lengths: number[] = [];
let reads = 0;
let delivered = 0;
let isDelivering = false;
let ends: TurnEnd[] = [];
let spareEnds: TurnEnd[] = [];
/** Two lists that take turns; slots that were worked off are null, and are used again without being made anew. */
let writers: (TurnWriter | null)[] = [];
let spareWriters: (TurnWriter | null)[] = [];
let writes = 0;
let isSending = false;

/**
 * Keeps a copy of the octets for `reader` until the turn's reads are done. False: they are too long, or too many wait;
 * what waits has been delivered then, so that these can be in order.
 */
export function readInTurn(reader: TurnReader, length: number, bytes: Buffer): boolean {
  if (length > READ_BYTES || reads === MAX_IN_TURN) {
    deliverReads();
    return false;
  }
  const at = reads;
  if (at === slots.length) addSlots();
  bytes.copy(slots[at], 0, 0, length);
  readers[at] = reader;
  lengths[at] = length;
  reads = at + 1;
  if (!isAsked) ask();
  return true;
}

/** Delivers what was read: for who must know that nothing is to come. */
export function deliverReads(): void {
  if (reads === 0) return;
  // A slot is in use while its reader works, which may lead back here.
  const isOutermost = !isDelivering;
  isDelivering = true;
  try {
    while (delivered < reads) deliverNext();
  } finally {
    if (isOutermost) isDelivering = false;
    if (isOutermost && delivered === reads) reads = delivered = 0;
  }
}

function deliverNext(): void {
  const at = delivered++;
  const reader = readers[at]!;
  readers[at] = null;
  reader.received(lengths[at], slots[at]);
}

/** Calls `target.onTurnEnd` once the reads of this turn are worked off. The caller asks once a turn. */
export function atTurnEnd(target: TurnEnd): void {
  ends.push(target);
  if (!isAsked) ask();
}

/** Calls `writer.sendGathered` with the other writes of this turn, at once when very many wait. */
export function writeInTurn(writer: TurnWriter): void {
  writers[writes++] = writer;
  // What is added while others are sent waits for the next turn, however much it is.
  if (writes >= MAX_IN_TURN && !isSending) sendWrites();
  else if (!isAsked) ask();
}

function ask(): void {
  isAsked = true;
  setImmediate(runTurn);
}

function runTurn(): void {
  try {
    deliverReads();
    endTurns();
    sendWrites();
  } finally {
    isAsked = false;
    if (reads > 0 || ends.length > 0 || writes > 0) ask();
  }
}

/** Two lists that take turns, so that none is made anew. */
function endTurns(): void {
  const targets = ends;
  ends = spareEnds;
  for (let at = 0; at < targets.length; at++) targets[at].onTurnEnd();
  targets.length = 0;
  spareEnds = targets;
}

function sendWrites(): void {
  const targets = writers;
  const count = writes;
  writers = spareWriters;
  spareWriters = targets;
  writes = 0;
  isSending = true;
  try {
    for (let at = 0; at < count; at++) {
      const target = targets[at]!;
      targets[at] = null;
      target.sendGathered();
    }
  } finally {
    isSending = false;
  }
}

function addSlots(): void {
  const slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  for (let at = 0; at < SLAB_BYTES; at += READ_BYTES) slots.push(slab.subarray(at, at + READ_BYTES));
}
