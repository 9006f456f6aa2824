import { hash } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * How keys that Heddle makes look:
 *
 *   hdl_3kTz9QwEr7Yb2NcX5mVd8LpA1sFg6HjK4uZo0x
 *   prefix, "_", 32 letters and digits by chance (190 bits), 6 of a CRC-32 of all before
 *
 * The prefix tells people and secret scanners what it is (`hdl_[0-9A-Za-z]{38}`), the checksum tells a typo from a key
 * that is not known before anything is looked up.
 */
const keySecretLength = 32;
const checksumLength = 6;
const tailLength = keySecretLength + checksumLength;

/** Prefix and tail; whatever is longer is no key. */
export const maxKeyLength = 128;

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Lower-case words with "_" between them: never the alphabet of a secret alone, so that it is plain where it ends. */
const prefixPattern = /^[a-z][a-z0-9]{0,15}(?:_[a-z0-9]{1,15}){0,3}$/;

export const isKeyPrefix = (text: string): boolean => prefixPattern.test(text);

/** A key with `prefix`; `pickIndex(n)` gives a number below n, by chance that nobody can foretell. */
export function makeApiKey(prefix: string, pickIndex: (below: number) => number): string {
  if (!isKeyPrefix(prefix)) throw new RangeError("prefix of a key is not lower-case words with _ between");
  let body = `${prefix}_`;
  for (let at = 0; at < keySecretLength; at++) body += alphabet[pickIndex(alphabet.length)];
  return body + checksumOf(body);
}

/** What may be shown of a key, to find it again: the prefix and the first 8 of the 32. 142 bits stay secret. */
export function visiblePartOf(key: string): string {
  return key.slice(0, key.lastIndexOf("_") + 9);
}

/**
 * What keys are kept and looked up as. A fast hash is right here, as it would not be for passwords: a key has at
 * least 128 bits by chance, so that nobody can try them, however fast (NIST SP 800-63B section 5.1.2.2).
 */
export function apiKeyDigest(key: string): string {
  return hash("sha256", key, "base64url");
}

/** Whether a text has the form of a key that Heddle made: whose it is, is another question. */
export type KeyForm = "good" | "mistyped" | "other";

/** "mistyped": like a key, but its checksum is of another. */
export function keyFormOf(text: string): KeyForm {
  const tailAt = text.length - tailLength;
  if (tailAt < 2 || text.length > maxKeyLength || text.charCodeAt(tailAt - 1) !== 95) return "other";
  for (let at = tailAt; at < text.length; at++) if (!isAlphanumeric(text.charCodeAt(at))) return "other";
  if (!isKeyPrefix(text.slice(0, tailAt - 1))) return "other";
  const checkAt = text.length - checksumLength;
  return checksumOf(text.slice(0, checkAt)) === text.slice(checkAt) ? "good" : "mistyped";
}

function isAlphanumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let text = "";
  for (let at = 0; at < checksumLength; at++) {
    text = alphabet[rest % 62] + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
