import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { StoredHead } from "./stored-head.ts";

/** Of a body, at a time: what is read, looked at and sent as one. */
export const SLICE_BYTES = 65_536;

/**
 * One file of the disk store. What is known last is last, so that a body is written as it comes; and each slice has its
 * own digest, so that it is read as it goes, with nothing sent on that is not as it was written:
 *
 *   body │ SHA-256 of each slice of 64 KiB │ text: JSON │ length of the body, 8 octets │ of the text, 4 │
 *     SHA-256 of all from the digests to here │ "HDLC" 2 0 0 0
 *
 * The text is a response without its body, or says by which headers the responses of a key are told apart and of which
 * generation they are.
 */
export type DiskText =
  | { readonly kind: "response"; readonly response: StoredHead }
  | {
      readonly kind: "variants";
      readonly key: string;
      readonly names: readonly string[];
      readonly generation: string;
    };

export interface DiskIndex {
  readonly text: DiskText;
  readonly bodyLength: number;
  /** One after the other. */
  readonly digests: Buffer;
}

const MAGIC = Buffer.from("HDLC\u0002\0\0\0", "latin1");
const DIGEST_BYTES = 32;
const LENGTHS_BYTES = 8 + 4;
const FOOT_BYTES = LENGTHS_BYTES + DIGEST_BYTES + MAGIC.length;
/** Read at first: in most files, all that is behind the body. */
const TAIL_BYTES = 16_384;
/** More than any response head and any body's digests have. */
const MAX_INDEX_BYTES = 4_194_304;

/** All that is behind the body. */
export function encodeIndex({ text, bodyLength, digests }: DiskIndex): Buffer {
  const json = Buffer.from(JSON.stringify(text));
  const lengths = Buffer.alloc(LENGTHS_BYTES);
  lengths.writeBigUInt64BE(BigInt(bodyLength), 0);
  lengths.writeUInt32BE(json.length, 8);
  const content = Buffer.concat([digests, json, lengths]);
  return Buffer.concat([content, createHash("sha256").update(content).digest(), MAGIC]);
}

/** Null: it is no such file, or what is behind the body is not as it was written. */
export async function readIndex(handle: FileHandle, fileBytes: number): Promise<DiskIndex | null> {
  if (fileBytes < FOOT_BYTES) return null;
  let tail = await readExactly(handle, fileBytes - Math.min(fileBytes, TAIL_BYTES), fileBytes);
  if (tail === null) return null;
  const sizes = readFoot(tail, fileBytes);
  if (sizes === null) return null;
  const { bodyLength, indexBytes } = sizes;
  if (indexBytes > tail.length) tail = await readExactly(handle, bodyLength, fileBytes);
  if (tail === null) return null;
  const content = tail.subarray(tail.length - indexBytes, tail.length - DIGEST_BYTES - MAGIC.length);
  const digest = tail.subarray(tail.length - DIGEST_BYTES - MAGIC.length, tail.length - MAGIC.length);
  if (!createHash("sha256").update(content).digest().equals(digest)) return null;
  const digestsBytes = slicesOf(bodyLength) * DIGEST_BYTES;
  const json = content.subarray(digestsBytes, content.length - LENGTHS_BYTES);
  return {
    text: JSON.parse(json.toString()) as DiskText,
    bodyLength,
    digests: content.subarray(0, digestsBytes),
  };
}

interface Sizes {
  readonly bodyLength: number;
  /** Of all that is behind the body. */
  readonly indexBytes: number;
}

function readFoot(tail: Buffer, fileBytes: number): Sizes | null {
  const foot = tail.subarray(tail.length - FOOT_BYTES);
  if (!foot.subarray(FOOT_BYTES - MAGIC.length).equals(MAGIC)) return null;
  const bodyLength = Number(foot.readBigUInt64BE(0));
  if (bodyLength > fileBytes) return null;
  const indexBytes = slicesOf(bodyLength) * DIGEST_BYTES + foot.readUInt32BE(8) + FOOT_BYTES;
  if (bodyLength + indexBytes !== fileBytes || indexBytes > MAX_INDEX_BYTES) return null;
  return { bodyLength, indexBytes };
}

const slicesOf = (bodyLength: number): number => Math.ceil(bodyLength / SLICE_BYTES);

async function readExactly(handle: FileHandle, from: number, to: number): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafe(to - from);
  return (await readInto(handle, bytes, from)) ? bytes : null;
}

/** Fills `bytes` from that place of the file; false where it ends before. */
export async function readInto(handle: FileHandle, bytes: Uint8Array, from: number): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, from + at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return true;
}

/** In another thread: there are many of them. */
export async function digestOf(slice: Uint8Array): Promise<Buffer> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", slice as Uint8Array<ArrayBuffer>));
}

export const digestAt = ({ digests }: DiskIndex, slice: number): Buffer =>
  digests.subarray(slice * DIGEST_BYTES, (slice + 1) * DIGEST_BYTES);
