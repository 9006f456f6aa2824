import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import type { DataRef } from "@heddle/engine/filter";

const VERSION = 1;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES + IV_BYTES;
/** Keys that may be in rotation at a time. */
const MAX_KEYS = 8;

interface Key {
  readonly id: Buffer;
  readonly key: Buffer;
}

/**
 * Seals what goes into a cookie, so that nobody but this policy can read or make it: AES-256-GCM (NIST SP 800-38D) with
 * a random nonce, under a key of its purpose alone (RFC 5869), bound to the cookie's name.
 *
 *   base64url( version 1 | first octets of the key's digest 4 | nonce 12 | text | tag 16 )
 *
 * The first key of the data unit seals and all open, so keys are changed without ending sessions.
 */
export class CookieSealer {
  private readonly data: DataRef;
  private readonly purpose: string;
  private keys: readonly Key[] = [];
  private version = -1;

  /** `purpose` is part of the key: what is sealed for one opens for no other. */
  constructor(data: DataRef, purpose: string) {
    this.data = data;
    this.purpose = purpose;
  }

  /** Null while there is no key. */
  seal(cookieName: string, text: string): string | null {
    const key = this.currentKeys()[0];
    if (key === undefined) return null;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key.key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(cookieName));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([Buffer.from([VERSION]), key.id, iv, sealed, cipher.getAuthTag()]).toString(
      "base64url",
    );
  }

  /** Null for whatever was not sealed here, for this name, with a key that is still there. */
  open(cookieName: string, value: string): string | null {
    if (!/^[A-Za-z0-9_-]*$/.test(value)) return null;
    const bytes = Buffer.from(value, "base64url");
    if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes[0] !== VERSION) return null;
    const id = bytes.subarray(1, 1 + KEY_ID_BYTES);
    for (const key of this.currentKeys()) {
      const text = key.id.equals(id) ? openWith(key.key, cookieName, bytes) : null;
      if (text !== null) return text;
    }
    return null;
  }

  private currentKeys(): readonly Key[] {
    const { data } = this;
    if (data.version !== this.version) {
      this.version = data.version;
      this.keys = deriveKeys(data.value, this.purpose);
    }
    return this.keys;
  }
}

function openWith(key: Buffer, cookieName: string, bytes: Buffer): string | null {
  const iv = bytes.subarray(1 + KEY_ID_BYTES, HEAD_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(cookieName));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const text = decipher.update(bytes.subarray(HEAD_BYTES, bytes.length - TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}

function deriveKeys(value: unknown, purpose: string): readonly Key[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MAX_KEYS).flatMap((text): Key[] => {
    const secret = Buffer.from(String(text), "base64");
    if (secret.length !== KEY_BYTES) return [];
    const key = Buffer.from(hkdfSync("sha256", secret, "", `heddle cookie ${purpose}`, KEY_BYTES));
    return [{ key, id: createHash("sha256").update(key).digest().subarray(0, KEY_ID_BYTES) }];
  });
}
