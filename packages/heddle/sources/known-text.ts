import type { ChunkedList } from "@heddle/engine/base";
import { commonText } from "./common-text.ts";
import {
  noShift,
  PieceGroup,
  type KnownPiece,
  type PieceReader,
  type Shift,
  type SplitText,
  type TextHolder,
} from "./known-piece.ts";
import type { SourceText } from "./source-text.ts";
import { countLines, type Gap, type TextPiece } from "./split-documents.ts";

/** What is known of a text, and how much of it another version has at its beginning and at its end. */
export interface KnownEnds {
  readonly gap: Gap;
  /** How many of the known pieces come before the gap, and the first that comes behind it. */
  readonly before: number;
  readonly after: number;
}

/** A text as it was read. */
export class KnownText {
  readonly reader: PieceReader;
  readonly pieces: ChunkedList<KnownPiece>;
  readonly #holder: TextHolder;
  readonly #start: number;
  readonly #end: number;

  private constructor(
    reader: PieceReader,
    holder: TextHolder,
    pieces: ChunkedList<KnownPiece>,
    { start, end }: Pick<SplitText, "start" | "end">,
  ) {
    this.reader = reader;
    this.pieces = pieces;
    this.#holder = holder;
    this.#start = start;
    this.#end = end;
  }

  /** A text of which all was read. */
  static ofWhole(
    reader: PieceReader,
    text: SourceText,
    pieces: ChunkedList<KnownPiece>,
    bounds: Pick<SplitText, "start" | "end">,
  ): KnownText {
    const holder = { text };
    for (const chunk of pieces.chunks) regroup(chunk, holder, noShift, chunk.length);
    return new KnownText(reader, holder, pieces, bounds);
  }

  /** Whether this is the text whose parts are asked for. */
  isOf(text: SourceText): boolean {
    return this.#holder.text === text;
  }

  /** Null where no piece is at the beginning or the end of both. */
  *endsIn(text: SourceText): Generator<void, KnownEnds | null> {
    const { pieces, reader } = this;
    const known = this.#holder.text;
    const { prefix, suffix } = yield* commonText(known, text);
    if (this.#start > prefix || known.length - this.#end > suffix) return null;
    const before = firstOf(pieces, ({ end }) => end + reader.margin > prefix);
    const after = Math.max(
      before,
      firstOf(pieces, ({ start }) => start >= known.length - suffix),
    );
    if (before === 0 && after === pieces.length) return null;
    const last = pieces.at(before - 1);
    const from = last?.end ?? this.#start;
    const stop = (pieces.at(after)?.start ?? this.#end) + text.length - known.length;
    const head = last === undefined ? text.slice(0, from) : last.text;
    const { line, lineStart } = lineBehind(head, last ?? { start: 0, lineOffset: 0, columnOffset: 0 });
    const gap = { from, stop, line, lineStart, hasBefore: before > 0, hasAfter: after < pieces.length };
    return { gap, before, after };
  }

  /** The text is another one now, with `all` these pieces, others in the gap: those behind it move along. */
  become(text: SourceText, ends: KnownEnds, all: ChunkedList<KnownPiece>): KnownText {
    const shift = this.#shiftBehind(ends, text);
    const kept = new Set(this.pieces.chunks);
    let untilBehind = all.length - (this.pieces.length - ends.after);
    for (const chunk of all.chunks) {
      if (!kept.has(chunk)) regroup(chunk, this.#holder, shift, untilBehind);
      else if (untilBehind <= 0) move(chunk, shift);
      untilBehind -= chunk.length;
    }
    this.#holder.text = text;
    const bounds = { start: this.#start, end: this.#end + shift.start };
    return new KnownText(this.reader, this.#holder, all, bounds);
  }

  /** How far everything behind the gap moves. */
  #shiftBehind({ gap, after }: KnownEnds, text: SourceText): Shift {
    const start = text.length - this.#holder.text.length;
    const first = this.pieces.at(after);
    if (first === undefined) return { ...noShift, start };
    const { line, lineStart } = lineBehind(text.slice(gap.from, gap.stop), {
      start: gap.from,
      lineOffset: gap.line,
      columnOffset: gap.from - gap.lineStart,
    });
    const lines = line - first.lineOffset;
    const columns = gap.stop - lineStart - first.columnOffset;
    const lineEnd = text.indexOf("\n", gap.stop);
    return { start, lines, columns, lineEnd: lineEnd === -1 ? Infinity : lineEnd };
  }
}

/** Makes the pieces of a chunk a group of their own; those from a place on move. */
function regroup(chunk: readonly KnownPiece[], holder: TextHolder, shift: Shift, from: number): void {
  const group = new PieceGroup(holder);
  for (let at = 0; at < chunk.length; at++) chunk[at]!.moveTo(group, at < from ? noShift : shift);
}

/** All pieces of a chunk that is a group. */
function move(chunk: readonly KnownPiece[], shift: Shift): void {
  const { group } = chunk[0]!;
  const isOnLine = chunk[0]!.isOnShiftedLine(shift);
  // The line ends among them.
  if (chunk.at(-1)!.isOnShiftedLine(shift) !== isOnLine) return regroup(chunk, group.holder, shift, 0);
  group.start += shift.start;
  group.lines += shift.lines;
  if (isOnLine) group.columns += shift.columns;
}

/** The index of the first piece for which `isBehind` holds, as it does for all after it. */
function firstOf({ chunks }: ChunkedList<KnownPiece>, isBehind: (piece: KnownPiece) => boolean): number {
  const found = firstIn(chunks, (chunk) => isBehind(chunk.at(-1)!));
  let index = 0;
  for (let at = 0; at < found; at++) index += chunks[at]!.length;
  return index + firstIn(chunks[found] ?? [], isBehind);
}

function firstIn<T>(items: readonly T[], isBehind: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBehind(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The line on which a part of a text ends, and where that begins. */
function lineBehind(
  text: string,
  { start, lineOffset, columnOffset }: Pick<TextPiece, "start" | "lineOffset" | "columnOffset">,
) {
  const lastBreak = text.lastIndexOf("\n");
  return {
    line: lineOffset + countLines(text),
    lineStart: lastBreak === -1 ? start - columnOffset : start + lastBreak + 1,
  };
}
