/**
 * How long a text of each format can be. The expressions of the formats are not ours; on texts of such a length none of
 * them takes long (threats 22). Formats that are not here say nothing.
 */
export const formatLengths: Readonly<Record<string, number>> = {
  date: 10,
  time: 64,
  "date-time": 64,
  "iso-time": 64,
  "iso-date-time": 64,
  duration: 128,
  uri: 2_048,
  "uri-reference": 2_048,
  "uri-template": 2_048,
  email: 320,
  hostname: 253,
  ipv4: 15,
  ipv6: 64,
  uuid: 45,
  "json-pointer": 2_048,
  "relative-json-pointer": 2_048,
};

/** Numbers have no length. */
export const numberFormats: readonly string[] = ["int32", "int64", "float", "double"];

type Check =
  | RegExp
  | ((text: string) => boolean)
  | { readonly validate: RegExp | ((text: string) => boolean) };

/** The check of a format, which no text longer than its bound passes. */
export function boundedFormat(check: unknown, maxLength: number): (text: string) => boolean {
  const test = checkOf(check as Check);
  return (text) => text.length <= maxLength && test(text);
}

function checkOf(check: Check): (text: string) => boolean {
  if (typeof check === "function") return check;
  if (check instanceof RegExp) return (text) => check.test(text);
  return checkOf(check.validate);
}

/** RFC 4648 section 4, with its padding; in linear time whatever the length. */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false;
  const end = text.endsWith("==") ? text.length - 2 : text.endsWith("=") ? text.length - 1 : text.length;
  for (let at = 0; at < end; at++) {
    const c = text.charCodeAt(at);
    const letter = c | 32;
    const isDigit = (letter >= 97 && letter <= 122) || (c >= 48 && c <= 57) || c === 43 || c === 47;
    if (!isDigit) return false;
  }
  return true;
}
