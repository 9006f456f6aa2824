import { systemClock } from "../base/index.ts";
import { ReadRow } from "./read-row.ts";
import type { TurnReader } from "./read-row.ts";

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

/** What one poll of the event loop may find. */
const MAX_IN_TURN = 1_024;
/**
 * A turn works off reads for so long; the rest is the next turn's. A row of a thousand takes less, so it is cut where
 * requests are dear, or come faster than they are worked off.
 */
const TURN_MS = 10;

/*
 * A turn of the event loop, in which many sockets are readable, is worked off in rows:
 *
 *   the system's reads ─► readers, in their order ─► turn ends (HTTP/2 makes frames of what came) ─► writes
 *
 * In a row each step finds its own code in the caches; one request after the other would run the kernel's sending and
 * receiving in between, which takes them (docs/adr/0024-turns-in-rows.md, with the figures). A turn's time is bounded:
 * timers, new connections and writes go on while requests wait, and how long these wait is known (ADR 31).
 */
const row = new ReadRow(systemClock);
let isAsked = false;
let ends: TurnEnd[] = [];
let spareEnds: TurnEnd[] = [];
/** Two lists that take turns; slots that were worked off are null, and are used again without being made anew. */
let writers: (TurnWriter | null)[] = [];
let spareWriters: (TurnWriter | null)[] = [];
let writes = 0;
let isSending = false;

/**
 * Keeps a copy of the octets for `reader` until the turn's reads are done, or a later turn has time for it. False: its
 * turn has come, and what waited before them has been delivered.
 */
export function readInTurn(reader: TurnReader, length: number, bytes: Buffer): boolean {
  if (!isAsked) ask();
  return row.add(reader, length, bytes);
}

/** For who must know that nothing is to come: false while some of what was read for `reader` waits. */
export function finishReads(reader: TurnReader): boolean {
  return row.finish(reader);
}

/** How long what is worked off next has waited since it was read. */
export function turnWaitMs(nowMs: number): number {
  return row.waitMs(nowMs);
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
    if (!row.isEmpty) row.deliver(systemClock.now() + TURN_MS);
    endTurns();
    sendWrites();
  } finally {
    isAsked = false;
    row.endTurn();
    if (!row.isEmpty || ends.length > 0 || writes > 0) ask();
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
