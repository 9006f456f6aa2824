/**
 * The first value of a parameter in a query ("?a=1&b=2" or ""), decoded as application/x-www-form-urlencoded:
 * "+" is a space, escapes are UTF-8. Undefined when absent; "" for a name without "=". Never throws: a broken
 * escape stands for itself, broken UTF-8 becomes U+FFFD. Names compare with case.
 */
export function queryParam(query: string, name: string): string | undefined {
  let at = 1;
  while (at < query.length) {
    let end = query.indexOf("&", at);
    if (end < 0) end = query.length;
    let equals = query.indexOf("=", at);
    if (equals < 0 || equals > end) equals = end;
    if (isName(query, at, equals, name)) return equals === end ? "" : decode(query.slice(equals + 1, end));
    at = end + 1;
  }
  return undefined;
}

function isName(query: string, start: number, end: number, name: string): boolean {
  if (end - start === name.length && query.startsWith(name, start)) return !isEncoded(name);
  // An encoded name is never shorter than the name.
  if (end - start < name.length) return false;
  const raw = query.slice(start, end);
  return isEncoded(raw) && decode(raw) === name;
}

function isEncoded(text: string): boolean {
  return text.includes("%") || text.includes("+");
}

function decode(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  return spaced.includes("%") ? decodeEscapes(spaced) : spaced;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Not decodeURIComponent: an exception per broken parameter costs a client nothing and us microseconds. */
function decodeEscapes(text: string): string {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const escaped =
      c === 37 ? (hexValue(text.charCodeAt(i + 1)) << 4) | hexValue(text.charCodeAt(i + 2)) : -1;
    bytes[length++] = escaped >= 0 ? escaped : c;
    if (escaped >= 0) i += 2;
  }
  return utf8.decode(bytes.subarray(0, length));
}

/** -1, with all bits set, when it is no hexadecimal digit (NaN, past the end, is none). */
function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
