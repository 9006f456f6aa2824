import { sliceLatin1 } from "../base/index.ts";
import { giveBack, givePack, PACK_BYTES, SLAB_BYTES, takePack, takeSlab } from "./slab-pool.ts";

/** Text, or octets of a slab or pack. */
export type Part = string | Buffer;

/** Chunks up to this many octets travel as text beside the head: as a string, longer ones would be copied three times. */
const SMALL_CHUNK = 1_024;

/**
 * What a connection sends with its next flush: whole parts, then the pack, then text. A pack holds chunks behind the text
 * that was before them, so that a head and its body leave in one write.
 */
export class Gathered {
  private parts: Part[] | null = null;
  private pack: Buffer | null = null;
  private packed = 0;
  private text = "";

  addText(text: string): void {
    this.text += text;
  }

  /** The bytes are copied: they may be gone after the call. */
  addBytes(bytes: Uint8Array): void {
    if (bytes.length <= SMALL_CHUNK) {
      this.text += sliceLatin1(bytes, 0, bytes.length);
      return;
    }
    if (this.tailBytes + bytes.length > PACK_BYTES) this.closePart();
    if (bytes.length > PACK_BYTES) this.addSlabs(bytes);
    else this.addToPack(bytes);
  }

  /** What is left of the pieces behind their first `sent` octets. */
  addRest(pieces: readonly Uint8Array[], sent: number): void {
    for (const piece of pieces) {
      if (sent < piece.length) this.addBytes(sent === 0 ? piece : piece.subarray(sent));
      sent = Math.max(0, sent - piece.length);
    }
  }

  private addToPack(bytes: Uint8Array): void {
    const pack = (this.pack ??= takePack());
    this.packText(pack);
    pack.set(bytes, this.packed);
    this.packed += bytes.length;
  }

  private packText(pack: Buffer): void {
    if (this.text === "") return;
    this.packed += pack.write(this.text, this.packed, "latin1");
    this.text = "";
  }

  private addSlabs(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += SLAB_BYTES) {
      const piece = bytes.subarray(at, at + SLAB_BYTES);
      const slab = takeSlab(piece.length);
      slab.set(piece);
      this.parts!.push(slab.subarray(0, piece.length));
    }
  }

  /** The pack and the text become parts. */
  private closePart(): void {
    const parts = (this.parts ??= []);
    if (this.pack !== null) parts.push(this.pack.subarray(0, this.packed));
    if (this.text !== "") parts.push(this.text);
    this.pack = null;
    this.packed = 0;
    this.text = "";
  }

  /** It is more than one write of text, or of one pack. */
  get hasParts(): boolean {
    return this.parts !== null;
  }

  get isText(): boolean {
    return this.pack === null && this.parts === null;
  }

  /** Of the pack and the text. */
  get tailBytes(): number {
    return this.packed + this.text.length;
  }

  get bytes(): number {
    let bytes = this.tailBytes;
    if (this.parts !== null) for (const part of this.parts) bytes += part.length;
    return bytes;
  }

  /** All of it, where it `isText`. */
  takeText(): string {
    const { text } = this;
    this.text = "";
    return text;
  }

  /** All of it is in a pack then; gives the octets, 0 where there are none or they do not fit. */
  sealPack(): number {
    const { tailBytes } = this;
    if (tailBytes === 0 || tailBytes > PACK_BYTES || this.parts !== null) return 0;
    this.packText((this.pack ??= takePack()));
    return this.packed;
  }

  /** The sealed pack, which the caller gives back. */
  takePack(): Buffer {
    const pack = this.pack!;
    this.pack = null;
    this.packed = 0;
    return pack;
  }

  /** All of it; the caller gives them back. */
  takeParts(): Part[] {
    this.closePart();
    const parts = this.parts!;
    this.parts = null;
    return parts;
  }

  drop(): void {
    if (this.pack !== null) givePack(this.pack);
    if (this.parts !== null) giveBackParts(this.parts);
    this.pack = this.parts = null;
    this.packed = 0;
    this.text = "";
  }
}

/** Of what was taken, once it is sent. */
export function giveBackParts(parts: readonly Part[]): void {
  for (const part of parts) if (typeof part !== "string") giveBack(part);
}
