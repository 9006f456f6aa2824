import type { ChunkedList } from "@heddle/engine/base";
import type { ParseProblem, Position } from "../resources/index.ts";
import { commonText } from "./common-text.ts";
import type { Origin } from "./origin.ts";
import { rejectionOf, type DocumentReading } from "./read-document.ts";
import type { SourcedRejection, SourcedResource } from "./reading.ts";
import type { SourceText } from "./source-text.ts";
import { countLines, type Gap, type TextPiece } from "./split-documents.ts";

/** One piece of a text as it was read; without a syntax tree, which would be many times the text. */
export interface PieceReading {
  readonly documents: readonly DocumentReading[];
  readonly problems: readonly ParseProblem[];
}

/** A text, and where in it are the pieces that it was cut into. */
export interface SplitText {
  readonly pieces: readonly TextPiece[];
  /** What comes before the first and behind the last of them. */
  readonly start: number;
  readonly end: number;
}

/** How pieces of one kind are read. */
export interface PieceReader {
  /** How much of a text behind a piece says that it ends there. */
  readonly margin: number;
  /** Null for a text that is not of this kind. */
  split(text: string): Generator<void, SplitText | null>;
  /** Null for a gap that holds anything else than whole pieces. */
  splitGap(text: SourceText, gap: Gap): Generator<void, readonly TextPiece[] | null>;
  /** Undefined for a piece that is not of this kind. */
  read(text: string, file: string): Generator<void, PieceReading | undefined>;
  /** Where a field of a document is written in a piece. */
  place(text: string, file: string, index: number, path: string): Position;
}

/** The text that pieces are of: of those that are known, always its newest version. */
interface TextHolder {
  text: SourceText;
}

/** A piece of a text that is known: what it holds stays, and where it is moves with the text. */
export class KnownPiece {
  readonly reading: PieceReading;
  readonly resources: readonly SourcedResource[];
  readonly rejected: readonly SourcedRejection[];
  readonly length: number;
  holder: TextHolder;
  start: number;
  lineOffset: number;
  columnOffset: number;

  constructor(
    holder: TextHolder,
    { text, start, lineOffset, columnOffset }: TextPiece,
    reading: PieceReading,
    reader: PieceReader,
    file: string,
  ) {
    this.holder = holder;
    this.start = start;
    this.length = text.length;
    this.lineOffset = lineOffset;
    this.columnOffset = columnOffset;
    this.reading = reading;
    const resources: SourcedResource[] = [];
    const rejected: SourcedRejection[] = [];
    for (const [index, read] of reading.documents.entries()) {
      const origin = new PieceOrigin(file, this, reader, index);
      const { key, resource, problems } = read;
      if (key === undefined || resource === undefined) rejected.push({ ...rejectionOf(read), origin });
      else resources.push({ key, resource, problems, origin });
    }
    this.resources = resources;
    this.rejected = rejected;
  }

  get end(): number {
    return this.start + this.length;
  }

  get text(): string {
    return this.holder.text.slice(this.start, this.end);
  }
}

/** Positions are asked for where something is wrong, so the piece is read once more for each. */
class PieceOrigin implements Origin {
  readonly file: string;
  private readonly piece: KnownPiece;
  private readonly reader: PieceReader;
  private readonly index: number;

  constructor(file: string, piece: KnownPiece, reader: PieceReader, index: number) {
    this.file = file;
    this.piece = piece;
    this.reader = reader;
    this.index = index;
  }

  position(path: string): Position {
    const { text, lineOffset, columnOffset } = this.piece;
    const { line, column } = this.reader.place(text, this.file, this.index, path);
    return { line: line + lineOffset, column: line === 1 ? column + columnOffset : column };
  }
}

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

  constructor(
    reader: PieceReader,
    text: SourceText,
    pieces: ChunkedList<KnownPiece>,
    bounds: { start: number; end: number },
  ) {
    this.reader = reader;
    this.pieces = pieces;
    this.#holder = pieces.at(0)?.holder ?? { text };
    this.#start = bounds.start;
    this.#end = bounds.end;
  }

  /** Whether this is the text whose parts are asked for. */
  isOf(text: SourceText): boolean {
    return this.#holder.text === text;
  }

  /** Null where no piece is at the beginning or the end of both. */
  endsIn(text: SourceText): KnownEnds | null {
    const { pieces, reader } = this;
    const known = this.#holder.text;
    const { prefix, suffix } = commonText(known, text);
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

  /** The text is another one now, with `all` these pieces, those `between` in the gap: those behind it move along. */
  become(
    text: SourceText,
    ends: KnownEnds,
    between: readonly KnownPiece[],
    all: ChunkedList<KnownPiece>,
  ): KnownText {
    const shift = text.length - this.#holder.text.length;
    this.#moveBehind(ends, text, shift);
    this.#holder.text = text;
    for (const piece of between) piece.holder = this.#holder;
    return new KnownText(this.reader, text, all, { start: this.#start, end: this.#end + shift });
  }

  #moveBehind({ gap, after }: KnownEnds, text: SourceText, shift: number): void {
    const first = this.pieces.at(after);
    if (first === undefined) return;
    const { line, lineStart } = lineBehind(text.slice(gap.from, gap.stop), {
      start: gap.from,
      lineOffset: gap.line,
      columnOffset: gap.from - gap.lineStart,
    });
    const lines = line - first.lineOffset;
    const columns = gap.stop - lineStart - first.columnOffset;
    if (shift === 0 && lines === 0 && columns === 0) return;
    const lineEnd = text.indexOf("\n", gap.stop);
    let left = after;
    for (const chunk of this.pieces.chunks) {
      for (let at = left; at < chunk.length; at++) {
        const piece = chunk[at]!;
        piece.start += shift;
        piece.lineOffset += lines;
        if (lineEnd === -1 || piece.start < lineEnd) piece.columnOffset += columns;
      }
      left = Math.max(0, left - chunk.length);
    }
  }
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
