import type { StoredResponse } from "./stored-response.ts";

/**
 * One file of the disk store:
 *
 *   "HDLC" 1 0 0 0 │ length of the text, 4 octets │ SHA-256 of what follows │ text: JSON │ body
 *
 * The text is a response without its body, or says by which headers the responses of a key are told apart and of which
 * generation they are.
 */
export type DiskFile =
  | { readonly kind: "response"; readonly response: StoredResponse }
  | {
      readonly kind: "variants";
      readonly key: string;
      readonly names: readonly string[];
      readonly generation: string;
    };

const MAGIC = Buffer.from("HDLC\u0001\0\0\0", "latin1");
const HEAD_BYTES = MAGIC.length + 4 + 32;

export async function encodeDiskFile(file: DiskFile): Promise<Buffer> {
  const body = file.kind === "response" ? file.response.body : new Uint8Array(0);
  const text = file.kind === "response" ? { ...file, response: { ...file.response, body: undefined } } : file;
  const json = Buffer.from(JSON.stringify(text));
  const content = Buffer.concat([json, body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([MAGIC, length, await sha256(content), content]);
}

/** Null: it is no such file, or is not as it was written. */
export async function decodeDiskFile(bytes: Buffer): Promise<DiskFile | null> {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const jsonLength = bytes.readUInt32BE(MAGIC.length);
  const content = bytes.subarray(HEAD_BYTES);
  if (jsonLength > content.length) return null;
  const digest = bytes.subarray(MAGIC.length + 4, HEAD_BYTES);
  if (!(await sha256(content)).equals(digest)) return null;
  const file = JSON.parse(content.subarray(0, jsonLength).toString()) as DiskFile;
  if (file.kind === "variants") return file;
  return { kind: "response", response: { ...file.response, body: content.subarray(jsonLength) } };
}

/** In another thread: a body may have megabytes. */
async function sha256(bytes: Uint8Array): Promise<Buffer> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}
