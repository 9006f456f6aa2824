import { ChunkedList, onceForChunk } from "@heddle/engine/base";
import { parseDocuments, parseDocumentsInSteps, parseJson } from "../resources/index.ts";
import { KnownPiece, PieceGroup, type PieceReader, type PieceReading } from "./known-piece.ts";
import { KnownText, type KnownEnds } from "./known-text.ts";
import { readDocument, type DocumentReading } from "./read-document.ts";
import type { Reading, UnreadableText } from "./reading.ts";
import { markerLength, splitDocuments, splitDocumentsAgain, type TextPiece } from "./split-documents.ts";
import { splitJsonItems, splitJsonList } from "./split-json-list.ts";
import type { SourceText } from "./source-text.ts";

/** What was read of a text, for the next version of it. */
export class TextMemo {
  /** @internal as it was read last without a mistake in its syntax, or first of all */
  known: KnownText | null = null;
  /** @internal whether it has no mistake */
  isClean = true;

  /** Whether parts of this text may still be asked for. */
  holds(text: SourceText): boolean {
    return this.known?.isOf(text) === true;
  }
}

/** A version of a text that was read. */
interface NextText {
  readonly pieces: ChunkedList<KnownPiece>;
  /** It takes the place of the one that is known, whose pieces may move. */
  commit(): KnownText;
}

/** Pieces that are known, between two yields. */
const sliceLength = 64;

/**
 * Reads a YAML or JSON text, in steps of one document. Pieces that the memo knows are taken from it: documents of YAML,
 * items of a JSON `List`. What the text begins and ends with as before is not even cut into pieces again.
 */
export function* readText(text: SourceText, file: string, memo: TextMemo): Generator<void, Reading> {
  const { known } = memo;
  const ends = memo.isClean && known !== null ? yield* known.endsIn(text) : null;
  const next =
    (ends === null ? null : yield* readGap(text, file, known!, ends)) ??
    (yield* readWhole(text, file, known));
  yield;
  const reading = yield* readingOf(next.pieces, file);
  yield;
  const isClean = reading.unreadable.length === 0;
  if (known !== null && !isClean) return reading;
  memo.known = next.commit();
  memo.isClean = isClean;
  return reading;
}

/** Null where the text must be read as a whole. */
function* readGap(
  text: SourceText,
  file: string,
  known: KnownText,
  ends: KnownEnds,
): Generator<void, NextText | null> {
  const { reader, pieces } = known;
  const cut = yield* reader.splitGap(text, ends.gap);
  if (cut === null) return null;
  // Texts of their own: a part of the file's would keep all of it in memory.
  const own = cut.map((piece) => ({ ...piece, text: Buffer.from(piece.text).toString() }));
  const gone = pieces.slice(ends.before, ends.after);
  const between = yield* readPieces(own, reader, file, text, gone);
  if (between === null) return null;
  yield;
  const all = pieces.with(ends.before, ends.after, between);
  return { pieces: all, commit: () => known.become(text, ends, all) };
}

function* readWhole(text: SourceText, file: string, known: KnownText | null): Generator<void, NextText> {
  const whole = text.toString();
  const ofJson = yield* readAs(jsonItems, text, whole, file, known);
  return ofJson ?? (yield* readAs(yamlDocuments, text, whole, file, known))!;
}

function* readAs(
  reader: PieceReader,
  text: SourceText,
  whole: string,
  file: string,
  known: KnownText | null,
): Generator<void, NextText | null> {
  const cut = yield* reader.split(whole);
  if (cut === null) return null;
  const gone = known?.reader === reader ? known.pieces : [];
  const read = yield* readPieces(cut.pieces, reader, file, text, gone);
  if (read === null) return null;
  const pieces = ChunkedList.of(read);
  return { pieces, commit: () => KnownText.ofWhole(reader, text, pieces, cut) };
}

/** Null where one is not of the reader's kind. */
function* readPieces(
  cut: readonly TextPiece[],
  reader: PieceReader,
  file: string,
  text: SourceText,
  known: Iterable<KnownPiece>,
): Generator<void, KnownPiece[] | null> {
  const group = new PieceGroup({ text });
  const readings = new Map<string, PieceReading>();
  let done = 0;
  for (const piece of known) {
    readings.set(piece.text, piece.reading);
    if (++done % sliceLength === 0) yield;
  }
  const pieces: KnownPiece[] = [];
  for (const piece of cut) {
    const reading = readings.get(piece.text) ?? (yield* reader.read(piece.text, file));
    if (reading === undefined) return null;
    readings.set(piece.text, reading);
    pieces.push(new KnownPiece(group, piece, reading, reader, file));
    if (++done % sliceLength === 0) yield;
  }
  return pieces;
}

const resourcesOf = onceForChunk((pieces: readonly KnownPiece[]) =>
  pieces.flatMap(({ resources }) => resources),
);

const rejectedOf = onceForChunk((pieces: readonly KnownPiece[]) =>
  pieces.flatMap(({ rejected }) => rejected),
);

const brokenOf = onceForChunk((pieces: readonly KnownPiece[]) =>
  pieces.filter(({ reading }) => reading.problems.length > 0),
);

function* readingOf(pieces: ChunkedList<KnownPiece>, file: string): Generator<void, Reading> {
  const resources = pieces.mapChunks(resourcesOf);
  yield;
  const rejected = pieces.chunks.flatMap(rejectedOf);
  yield;
  const unreadable = pieces.chunks.flatMap(brokenOf).flatMap((piece) => unreadableIn(piece, file));
  return { resources, rejected, unreadable };
}

/** Made anew each time: the lines move with the piece. */
const unreadableIn = ({ reading, lineOffset }: KnownPiece, file: string): UnreadableText[] =>
  reading.problems.map((problem) => ({ ...problem, fileName: file, line: problem.line + lineOffset }));

const yamlDocuments: PieceReader = {
  margin: markerLength,
  // oxlint-disable-next-line require-yield -- quick enough for one step
  *split(text) {
    return { pieces: splitDocuments(text), start: 0, end: text.length };
  },
  // oxlint-disable-next-line require-yield -- quick enough for one step
  *splitGap(text, gap) {
    return splitDocumentsAgain(text, gap);
  },
  *read(text, file) {
    const { documents, problems } = yield* parseDocumentsInSteps(text, file);
    const read: DocumentReading[] = [];
    for (const { value } of documents) {
      read.push(readDocument(value));
      yield;
    }
    return { documents: read, problems };
  },
  place(text, file, index, path) {
    return parseDocuments(text, file).documents[index]?.position(path) ?? { line: 1, column: 1 };
  },
};

const listHead = '{"kind":"List","items":[';

const jsonItems: PieceReader = {
  margin: 0,
  *split(text) {
    const list = yield* splitJsonList(text);
    return list && { ...list, pieces: list.items };
  },
  *splitGap(text, gap) {
    return yield* splitJsonItems(text, gap);
  },
  *read(text) {
    const item = parseJson(text);
    if (item === undefined) return undefined;
    yield;
    return { documents: [readDocument(item.value)], problems: [] };
  },
  place(text, file, _index, path) {
    // In a list, since an item that is a list itself stands for itself there.
    const at = parseDocuments(`${listHead}${text}]}`, file).documents[0]?.position(path);
    if (at === undefined) return { line: 1, column: 1 };
    return at.line > 1 ? at : { line: 1, column: at.column - listHead.length };
  },
};
