/** A name and a password. */
export interface UserPass {
  readonly name: string;
  readonly password: string;
}

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Longer than any that people type; what is hashed is bounded by it. */
const maxLength = 1024;

/** What stands behind "Basic" (RFC 7617 section 2); null where it is malformed. */
export function parseBasic(text: string): UserPass | null {
  if (text.length > maxLength || !base64.test(text)) return null;
  const octets = Buffer.from(text, "base64");
  const plain = octets.toString("utf8");
  // What is no UTF-8 reads as other than what was sent.
  if (!Buffer.from(plain, "utf8").equals(octets)) return null;
  const colon = plain.indexOf(":");
  if (colon < 0 || hasControls(plain)) return null;
  return { name: plain.slice(0, colon), password: plain.slice(colon + 1) };
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 || code === 127) return true;
  }
  return false;
}
