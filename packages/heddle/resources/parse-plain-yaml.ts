import { CORE_SCHEMA, load } from "js-yaml";

/** YAML in which nothing can be read in two ways: `value` is what the reader of all YAML reads in it. */
export interface PlainYaml {
  readonly value: unknown;
}

/** Collections within collections of such a text, by the spaces in front of a line. */
const maxIndent = 128;

/** What a document may begin with. */
const marker = "---\n";

const space = 0x20;
const dash = 0x2d;

const key = String.raw`(?:[A-Za-z_][\w./-]{0,127}|"[\w./-]{1,128}")`;
const quoted = String.raw`"[ !#-[\]-~]*"|'[ -&(-~]*'`;
/** What begins as a number does is one as decimals are written, a span of time or an address. */
const number = String.raw`(?:0|-?[1-9]\d{0,14})(?:\.\d{1,15})?|(?:\d+(?:h|m|s|ms))+|\d+\.\d+\.\d+\.\d+(?:/\d+|:\d+)?`;
const words = String.raw`[A-Za-z_/](?:[\w./@+=~,;()%*&!?#'"|<>$^\\-]|:(?=[^ \n])| (?=[^ #\n]))*`;
/** Inside of brackets and braces, none within another. */
const flowKey = String.raw`[A-Za-z_][\w./-]{0,127}`;
const flowValue = String.raw`(?:${quoted}|(?:${number}|[A-Za-z_/][\w./@+=~%-]*)(?=[ ,\]}]))`;
const flowList = String.raw`\[(?: *${flowValue}(?: *, *${flowValue})*)? *\]`;
const flowMap = String.raw`\{(?: *${flowKey}: +${flowValue}(?: *, *${flowKey}: +${flowValue})*)? *\}`;
const value = String.raw`(?:${quoted}|${flowList}|${flowMap}|(?:${number}|${words})(?![^ \n]))`;
/**
 * One line behind its indent: nothing, a key with or without a value, or items of lists before these; then perhaps a
 * comment. Spaces are matched in one place each, so that a line of them is done with in a time that grows with it.
 */
const line = new RegExp(
  String.raw`(?:(?:- +)*${key}:(?: +${value})?|(?:- +)+${value}|(?:- +)*-)?(?: *| +#[ -~]*|(?<![^\n ])#[ -~]*)(?:\n|$)`,
  "y",
);
/** Another thing than a text in one of the two readers. */
const oddKey = /(?:^|[\n {,-])"?(?:__proto__|null|true|false)"?:/i;

/**
 * Reads a document of YAML as most are: maps and lists in block style or short on one line, scalars on one line, ASCII.
 * Undefined for any other and for what is not right, which is to be read by the reader of all YAML: that one is ten times
 * slower, and knows where each thing stands. See docs/adr/0005-yaml.md.
 */
export function parsePlainYaml(text: string): PlainYaml | undefined {
  if (!isPlain(text) || oddKey.test(text)) return undefined;
  try {
    return { value: load(text, { schema: CORE_SCHEMA }) };
  } catch {
    return undefined;
  }
}

/** Whether all lines are, and no scalar goes on in the next one. */
function isPlain(text: string): boolean {
  // How far in the next line may begin.
  let limit = 0;
  for (let at = text.startsWith(marker) ? marker.length : 0; at < text.length;) {
    const indent = skipSpaces(text, at) - at;
    line.lastIndex = at + indent;
    if (indent > maxIndent || !line.test(text)) return false;
    const end = line.lastIndex;
    if (!isOver(text, at + indent, end)) {
      if (indent > limit) return false;
      limit = limitBehind(text, at, end);
    }
    at = end;
  }
  return true;
}

/** Where a line ends in a key or a dash, what it holds may follow, further in; else nothing is further in than its key. */
function limitBehind(text: string, start: number, end: number): number {
  let at = skipSpaces(text, start);
  while (text.charCodeAt(at) === dash && text.charCodeAt(at + 1) === space) {
    const next = skipSpaces(text, at + 1);
    if (isOver(text, next, end)) return maxIndent;
    if (!startsKey(text, next) && text.charCodeAt(next) !== dash) return at - start;
    at = next;
  }
  if (text.charCodeAt(at) === dash) return maxIndent;
  const behind = text.indexOf(":", at) + 1;
  return isOver(text, skipSpaces(text, behind), end) ? maxIndent : at - start;
}

const keyStart = new RegExp(`${key}:(?=[ \\n]|$)`, "y");

function startsKey(text: string, at: number): boolean {
  keyStart.lastIndex = at;
  return keyStart.test(text);
}

/** Whether nothing but a comment is left of a line. */
const isOver = (text: string, at: number, end: number): boolean =>
  at >= end || text[at] === "\n" || text[at] === "#";

function skipSpaces(text: string, at: number): number {
  while (text.charCodeAt(at) === space) at++;
  return at;
}
