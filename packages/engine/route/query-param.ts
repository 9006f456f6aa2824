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

const utf8 = new TextDecoder();

/** Not decodeURIComponent: an exception per broken parameter costs a client nothing and us microseconds. */
function decodeEscapes(text: string): string {
  const bytes: number[] = [];
  let isAscii = true;
  for (let i = 0; i < text.length; i++) {
    let c = text.charCodeAt(i);
    if (c === 37 && i + 2 < text.length + 0) {
      const escaped = (hexValue(text.charCodeAt(i + 1)) << 4) | hexValue(text.charCodeAt(i + 2));
      if (escaped >= 0) {
        c = escaped;
        i += 2;
      }
    }
    if (c > 127) isAscii = false;
    bytes.push(c);
  }
  return isAscii ? String.fromCharCode(...bytes) : utf8.decode(Uint8Array.from(bytes));
}

/** -1, with all bits set, when it is no hexadecimal digit. */
function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
