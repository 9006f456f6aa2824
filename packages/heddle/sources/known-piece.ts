import type { ParseProblem, Position } from "../resources/index.ts";
import type { Origin } from "./origin.ts";
import { rejectionOf, type DocumentReading } from "./read-document.ts";
import type { SourcedRejection, SourcedResource } from "./reading.ts";
import type { SourceText } from "./source-text.ts";
import type { Gap, TextPiece } from "./split-documents.ts";

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
export interface TextHolder {
  text: SourceText;
}

/** How far pieces move: their columns only on the line that ends at `lineEnd`, which counts in the text that comes. */
export interface Shift {
  readonly start: number;
  readonly lines: number;
  readonly columns: number;
  readonly lineEnd: number;
}

export const noShift: Shift = { start: 0, lines: 0, columns: 0, lineEnd: 0 };

/**
 * Pieces that move together: of a text that is known those of one chunk, and no others. So the thousands behind an edit
 * move in some tens of steps.
 */
export class PieceGroup {
  readonly holder: TextHolder;
  start = 0;
  lines = 0;
  columns = 0;

  constructor(holder: TextHolder) {
    this.holder = holder;
  }
}

/** A piece of a text that is known: what it holds stays, and where it is moves with the text. */
export class KnownPiece {
  readonly reading: PieceReading;
  readonly resources: readonly SourcedResource[];
  readonly rejected: readonly SourcedRejection[];
  readonly length: number;
  group: PieceGroup;
  /** Its place as it was when it came to its group. */
  #start: number;
  #lines: number;
  #columns: number;

  constructor(
    group: PieceGroup,
    { text, start, lineOffset, columnOffset }: TextPiece,
    reading: PieceReading,
    reader: PieceReader,
    file: string,
  ) {
    this.group = group;
    this.#start = start;
    this.length = text.length;
    this.#lines = lineOffset;
    this.#columns = columnOffset;
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

  get start(): number {
    return this.#start + this.group.start;
  }

  get end(): number {
    return this.start + this.length;
  }

  get lineOffset(): number {
    return this.#lines + this.group.lines;
  }

  get columnOffset(): number {
    return this.#columns + this.group.columns;
  }

  get text(): string {
    return this.group.holder.text.slice(this.start, this.end);
  }

  isOnShiftedLine({ start, lineEnd }: Shift): boolean {
    return this.start + start < lineEnd;
  }

  /** To a group that did not move yet. */
  moveTo(group: PieceGroup, shift: Shift): void {
    this.#columns = this.columnOffset + (this.isOnShiftedLine(shift) ? shift.columns : 0);
    this.#lines = this.lineOffset + shift.lines;
    this.#start = this.start + shift.start;
    this.group = group;
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
