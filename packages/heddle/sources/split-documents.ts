import type { SourceText } from "./source-text.ts";

/** A piece of a text that can be read by itself. */
export interface TextPiece {
  readonly text: string;
  /** Where it begins in the file. */
  readonly start: number;
  /** Lines before it in the file. */
  readonly lineOffset: number;
  /** Columns before it in its first line. */
  readonly columnOffset: number;
}

/** A part of a text between pieces that are known. */
export interface Gap {
  /** Where a piece ends, or the first one may begin. */
  readonly from: number;
  /** Where a piece begins, or the last one may end. */
  readonly stop: number;
  /** Lines before `from`, and where its own begins. */
  readonly line: number;
  readonly lineStart: number;
  /** Whether there are pieces before it, and behind it. */
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

/**
 * Cuts a text before each `---` line, which YAML allows nowhere but between documents (YAML 1.2.2 section 9.1.2), so
 * that a document that did not change need not be read again. A text with directives stays whole: they reach over
 * the marker.
 */
export function splitDocuments(text: string): TextPiece[] {
  if (hasDirectives(text)) return [{ text, start: 0, lineOffset: 0, columnOffset: 0 }];
  const pieces: TextPiece[] = [];
  let start = 0;
  let lineOffset = 0;
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    if (index === start) continue;
    const piece = text.slice(start, index);
    pieces.push({ text: piece, start, lineOffset, columnOffset: 0 });
    lineOffset += countLines(piece);
    start = index;
  }
  pieces.push({ text: text.slice(start), start, lineOffset, columnOffset: 0 });
  return pieces;
}

/** How much of a text a document's end is told by: the marker that follows, and what stands behind it. */
export const markerLength = 4;

/** The documents in a gap. Null where what is there reaches further. */
export function splitDocumentsAgain(
  text: SourceText,
  { from, stop, line, hasAfter }: Gap,
): TextPiece[] | null {
  const part = text.slice(from, stop);
  if (part === "") return [];
  if (hasDirectives(part) || (hasAfter && !part.endsWith("\n"))) return null;
  return splitDocuments(part).map((piece) => ({
    ...piece,
    start: piece.start + from,
    lineOffset: piece.lineOffset + line,
  }));
}

const hasDirectives = (text: string): boolean => /^%/m.test(text);

export function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
