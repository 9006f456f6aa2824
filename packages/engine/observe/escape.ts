/**
 * Text of a client's making, made safe for one line of a log (threats: log injection). What comes out is printable
 * ASCII without the quote or the backslash, except in escapes; so no line is broken, no terminal is driven, and a
 * line is as many bytes as characters. Longer than `max` characters it is cut between escapes and ends in "...":
 * a client must not fill the disk with one field, and a line has to fit what a pipe takes in one piece (4096).
 */
export const MAX_PATH = 1_024;
export const MAX_TEXT = 512;
export const MAX_NAME = 256;

const CUT = "...";

/** Anything but printable ASCII without the quote and the backslash. The common answer is no, and native code. */
const UNSAFE = /[^ !#-[\]-~]/;

const HEX = "0123456789abcdef";

/** The inside of a JSON string: `"` and `\` with a backslash, everything else unsafe as \u00xx. */
export function escapeJson(text: string, max: number): string {
  return text.length <= max && !UNSAFE.test(text) ? text : escapeSlowly(text, max, jsonEscape);
}

/** The inside of a quoted field of the common log format, as nginx and Apache write it: unsafe bytes as \xHH. */
export function escapeQuoted(text: string, max: number): string {
  return text.length <= max && !UNSAFE.test(text) ? text : escapeSlowly(text, max, byteEscape);
}

/** The same and the space, which ends a field that is not quoted. */
const UNSAFE_IN_WORD = /[^!#-[\]-~]/;

/** A field that is not quoted: spaces too; "-" for the empty one. */
export function escapeWord(text: string, max: number): string {
  if (text !== "" && text.length <= max && !UNSAFE_IN_WORD.test(text)) return text;
  return text === "" ? "-" : escapeQuoted(text, max).replaceAll(" ", "\\x20");
}

/**
 * An escaped text that is kept for the next line: methods, addresses, agents and often paths come again and again, and
 * to compare costs a fifth of looking for what needs an escape (bench/micro/gateway.ts).
 */
export class EscapeMemo {
  private readonly escape: (text: string) => string;
  private text = "";
  private escaped: string;

  constructor(escape: (text: string) => string) {
    this.escape = escape;
    this.escaped = escape("");
  }

  of(text: string): string {
    if (text === this.text) return this.escaped;
    this.escaped = this.escape(text);
    this.text = text;
    return this.escaped;
  }
}

function escapeSlowly(text: string, max: number, escape: (c: number) => string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const next = c >= 32 && c < 127 && c !== 34 && c !== 92 ? text[i] : escape(c);
    if (out.length + next.length > max) return out + CUT;
    out += next;
  }
  return out;
}

function jsonEscape(c: number): string {
  if (c === 34) return '\\"';
  if (c === 92) return "\\\\";
  return `\\u${hexByte(c >> 8)}${hexByte(c & 255)}`;
}

/** Wire text has no character above U+00FF; in a name from elsewhere they are written as two bytes of UTF-16. */
function byteEscape(c: number): string {
  return c < 256 ? `\\x${hexByte(c)}` : `\\x${hexByte(c >> 8)}\\x${hexByte(c & 255)}`;
}

const hexByte = (c: number): string => HEX[c >> 4] + HEX[c & 15];
