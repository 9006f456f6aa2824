/** A piece of a text that can be read by itself. */
export interface TextPiece {
  readonly text: string;
  /** Lines before it in the file. */
  readonly lineOffset: number;
  /** Columns before it in its first line. */
  readonly columnOffset: number;
}

/**
 * Cuts a text before each `---` line, which YAML allows nowhere but between documents (YAML 1.2.2 section 9.1.2), so
 * that a document that did not change need not be read again. A text with directives stays whole: they reach over
 * the marker.
 */
export function splitDocuments(text: string): TextPiece[] {
  if (/^%/m.test(text)) return [{ text, lineOffset: 0, columnOffset: 0 }];
  const pieces: TextPiece[] = [];
  let start = 0;
  let lineOffset = 0;
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    if (index === start) continue;
    const piece = text.slice(start, index);
    pieces.push({ text: piece, lineOffset, columnOffset: 0 });
    lineOffset += countLines(piece);
    start = index;
  }
  pieces.push({ text: text.slice(start), lineOffset, columnOffset: 0 });
  return pieces;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
