/**
 * Text of a client's making, made safe for one line of a log (threats: log injection). What comes out is printable
 * ASCII without the quote or the backslash, except in escapes; so no line is broken, no terminal is driven, and a
 * line is as many bytes as characters.
 */

/** Anything but printable ASCII without the quote and the backslash. The common answer is no, and native code. */
const UNSAFE = /[^ !#-[\]-~]/;

const HEX = "0123456789abcdef";

/** The inside of a JSON string: `"` and `\` with a backslash, everything else unsafe as \u00xx. */
export function escapeJson(text: string): string {
  return UNSAFE.test(text) ? escapeJsonSlowly(text) : text;
}

function escapeJsonSlowly(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) out += '\\"';
    else if (c === 92) out += "\\\\";
    else if (c >= 32 && c < 127) out += text[i];
    else out += `\\u${HEX[c >> 12]}${HEX[(c >> 8) & 15]}${HEX[(c >> 4) & 15]}${HEX[c & 15]}`;
  }
  return out;
}

/** The inside of a quoted field of the common log format, as nginx and Apache write it: unsafe bytes as \xHH. */
export function escapeQuoted(text: string): string {
  return UNSAFE.test(text) ? escapeBytes(text) : text;
}

/** A field that is not quoted: spaces too; "-" for the empty one. */
export function escapeWord(text: string): string {
  if (text === "") return "-";
  return UNSAFE.test(text) || text.includes(" ") ? escapeBytes(text).replaceAll(" ", "\\x20") : text;
}

/** Characters above U+00FF, which no wire text has but a principal's name may, are written as their UTF-8. */
function escapeBytes(text: string): string {
  let out = "";
  for (const character of text) {
    const c = character.codePointAt(0)!;
    if (c >= 32 && c < 127 && c !== 34 && c !== 92) out += character;
    else if (c < 256) out += hexByte(c);
    else out += encodeURIComponent(character.toWellFormed()).replaceAll("%", "\\x").toLowerCase();
  }
  return out;
}

const hexByte = (c: number): string => `\\x${HEX[c >> 4]}${HEX[c & 15]}`;
