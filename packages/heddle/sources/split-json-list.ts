import { endOfString, isResourceList, parseJson } from "../resources/index.ts";
import type { SourceText } from "./source-text.ts";
import type { Gap, TextPiece } from "./split-documents.ts";

/** Items between two yields: some tens of microseconds. */
const sliceLength = 64;

const space = /[\t\n\r ]*/y;
const listStart = /:[\t\n\r ]*\[/y;

/** The items of a list, and where in the text they are: behind the bracket that opens it, to the one that closes it. */
export interface JsonItems {
  readonly items: TextPiece[];
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts a JSON `List` into its items, so that an item that did not change need not be read again. Null for a text that is
 * something else. The items are not read here: the text is JSON where each of them is.
 */
export function* splitJsonList(text: string): Generator<void, JsonItems | null> {
  const start = startOfItems(text);
  if (start === -1) return null;
  const items: TextPiece[] = [];
  const lines = new LineCount(text, 0, 0, 0);
  let at = skipSpace(text, start);
  if (text[at] !== "]") {
    for (;;) {
      const end = endOfValue(text, at);
      if (end === -1) return null;
      items.push({ text: text.slice(at, end), start: at, ...lines.offsetsOf(at) });
      if (items.length % sliceLength === 0) yield;
      at = skipSpace(text, end);
      if (text[at] === "]") break;
      if (text[at] !== ",") return null;
      at = skipSpace(text, at + 1);
    }
  }
  const rest = parseJson(text.slice(0, start) + text.slice(at));
  const isList = rest !== undefined && isResourceList(rest.value) && rest.value.items.length === 0;
  return isList ? { items, start, end: at } : null;
}

/** The items in a gap of a list. Null where there is anything else than whole items with their commas. */
export function* splitJsonItems(
  text: SourceText,
  { from, stop, line, lineStart, hasBefore, hasAfter }: Gap,
): Generator<void, TextPiece[] | null> {
  const items: TextPiece[] = [];
  const part = text.slice(from, stop);
  const lines = new LineCount(part, 0, line, lineStart - from);
  let isOpen = hasBefore;
  let at = skipSpace(part, 0);
  while (at < part.length) {
    if (isOpen) {
      if (part[at] !== ",") return null;
      at = skipSpace(part, at + 1);
      isOpen = false;
      if (at === part.length) return hasAfter ? items : null;
    }
    const end = endOfValue(part, at);
    if (end === -1 || end > part.length) return null;
    items.push({ text: part.slice(at, end), start: from + at, ...lines.offsetsOf(at) });
    if (items.length % sliceLength === 0) yield;
    isOpen = true;
    at = skipSpace(part, end);
  }
  return isOpen !== hasAfter ? items : null;
}

/** Behind the bracket that opens the value of the root's key "items"; -1 where there is no such place. */
function startOfItems(text: string): number {
  let at = skipSpace(text, 0);
  if (text[at] !== "{") return -1;
  for (at++; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const isItems = text.slice(at, end + 1) === '"items"';
      listStart.lastIndex = skipSpace(text, end + 1);
      if (isItems && listStart.test(text)) return listStart.lastIndex;
      at = end;
    } else if (character === "{" || character === "[") {
      const end = endOfValue(text, at);
      if (end === -1) return -1;
      at = end - 1;
    } else if (character === "}") return -1;
  }
  return -1;
}

function skipSpace(text: string, at: number): number {
  space.lastIndex = at;
  space.test(text);
  return space.lastIndex;
}

/**
 * Behind the object, list or string that begins at `start`; -1 where none begins, or none ends. Of a string that does
 * not end it is behind the text.
 */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth++;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
    }
    if (depth <= 0) return depth === 0 && at > start ? at + 1 : -1;
  }
  return -1;
}

/** Lines and columns before rising places of a text, from one whose line is known. */
class LineCount {
  readonly #text: string;
  #line: number;
  #lineStart: number;
  #nextBreak: number;

  constructor(text: string, from: number, line: number, lineStart: number) {
    this.#text = text;
    this.#line = line;
    this.#lineStart = lineStart;
    this.#nextBreak = text.indexOf("\n", from);
  }

  offsetsOf(place: number): { lineOffset: number; columnOffset: number } {
    while (this.#nextBreak !== -1 && this.#nextBreak < place) {
      this.#line++;
      this.#lineStart = this.#nextBreak + 1;
      this.#nextBreak = this.#text.indexOf("\n", this.#lineStart);
    }
    return { lineOffset: this.#line, columnOffset: place - this.#lineStart };
  }
}
