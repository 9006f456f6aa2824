import { KNOWN_NAMES, NAME, SPAN } from "../../../message/index.ts";
import type { Fields } from "../../../message/index.ts";
import { LAST_FRAMING_ID } from "../../framing-names.ts";
import { FIELD_CHARGE, HEADER_TABLE_BYTES } from "../limits.ts";
import { BlockMemo } from "./block-memo.ts";
import { detach } from "./detach.ts";
import { encodeHuffman, huffmanLength } from "./huffman-encode.ts";
import * as integers from "./integers.ts";
import { NameSlot } from "./name-slot.ts";
import { POLICY } from "./name-policy.ts";
import { STATIC_SIZE } from "./static-table.ts";

/** Names that an encoder keeps account of; one more, and it begins anew. */
const MAX_NAMES = 256;

/** Longer values are not put into the table: they would drive out everything else. */
const MAX_INDEXED_VALUE = 1_024;

/** Values are slices of a head's text, and keep it: no more than this is kept for what may come again. */
const MAX_KEPT_TEXT = 2_048;

/**
 * Encodes the header blocks of one direction of a connection (RFC 7541), as latin1 text. What it inserts it knows by
 * number: the first is 0. A name's slot has the numbers of its values, and an entry is in the table while its
 * number is among the last `length` ones.
 */
export class HpackEncoder {
  private readonly known: (NameSlot | undefined)[] = new Array<NameSlot | undefined>(KNOWN_NAMES.length).fill(
    undefined,
  );
  private readonly others = new Map<string, NameSlot>();
  private readonly memo = new BlockMemo();
  /** Sizes of the entries, the oldest first: a ring by number. */
  private readonly sizes = new Uint16Array(HEADER_TABLE_BYTES / FIELD_CHARGE);
  private inserted = 0;
  private length = 0;
  private size = 0;
  private maxSize = HEADER_TABLE_BYTES;
  /** The smallest size since the last block, when the size has changed; -1 when it has not. */
  private smallestSize = -1;
  /** Values of the fields at hand may be kept for a comparison. */
  private keepsValues = true;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. Says so in the next block (section 4.2). */
  resize(maxSize: number): void {
    const size = Math.min(maxSize, HEADER_TABLE_BYTES);
    if (size === this.maxSize) return;
    this.smallestSize = this.smallestSize < 0 ? size : Math.min(this.smallestSize, size);
    this.maxSize = size;
    this.evict(size);
    this.memo.clear();
  }

  /** To stand before the first field of every block. */
  begin(): string {
    if (this.smallestSize < 0) return "";
    const smallest = this.smallestSize;
    this.smallestSize = -1;
    return (smallest < this.maxSize ? integers.sizeUpdate(smallest) : "") + integers.sizeUpdate(this.maxSize);
  }

  /** One field; the name is lower-case. */
  field(name: string, value: string, isSensitive: boolean = false): string {
    return this.encode(this.slot(name), value, isSensitive);
  }

  /** The slot of a name, of any case: for fields that every message has. */
  slot(name: string): NameSlot {
    const slot = this.others.get(name);
    if (slot !== undefined) return slot;
    if (this.others.size >= MAX_NAMES) this.others.clear();
    const lower = name.toLowerCase();
    const made = lower === name ? new NameSlot(detach(name)) : this.slot(lower);
    this.others.set(lower === name ? made.name : detach(name), made);
    return made;
  }

  /**
   * All fields but those that frame a message; content-length with `keepLength`. Where the same head text was
   * encoded before, and nothing has changed in the table, so is the block.
   */
  fields(fields: Fields, keepLength: boolean): string {
    const { text, added } = fields;
    this.keepsValues = text.length <= MAX_KEPT_TEXT;
    let out = this.memo.find(fields, keepLength, this.inserted);
    if (out === "" && text !== "") {
      const { inserted } = this;
      out = this.spans(fields, keepLength);
      if (inserted === this.inserted && this.keepsValues) this.memo.keep(fields, keepLength, inserted, out);
    }
    for (let i = 0; i < added.length; i += 2) out += this.added(fields, added[i], added[i + 1], keepLength);
    const block = fields.blockPairs;
    for (let i = 0; i < block.length; i += 2) out += this.field(block[i], block[i + 1]);
    return out;
  }

  private spans(fields: Fields, keepLength: boolean): string {
    const { text, spans } = fields;
    let out = "";
    for (let at = 0; at < spans.length; at += SPAN) {
      const id = spans[at];
      if (id < 0 || (id > 0 && id <= LAST_FRAMING_ID && !(keepLength && id === NAME.CONTENT_LENGTH)))
        continue;
      const slot = id > 0 ? this.knownSlot(id) : this.slot(text.slice(spans[at + 1], spans[at + 2]));
      out += this.encode(slot, text.slice(spans[at + 3], spans[at + 4]), isNeverIndexed(fields, slot.name));
    }
    return out;
  }

  private knownSlot(id: number): NameSlot {
    return (this.known[id] ??= this.slot(KNOWN_NAMES[id]));
  }

  private added(fields: Fields, name: string, value: string, keepLength: boolean): string {
    const slot = this.slot(name);
    if (slot.isFraming && !(keepLength && name === "content-length")) return "";
    return this.encode(slot, value, isNeverIndexed(fields, name));
  }

  private encode(slot: NameSlot, value: string, isSensitive: boolean): string {
    if (slot.policy === POLICY.NEVER || isSensitive) {
      return (
        integers.neverIndexedLiteral(this.nameIndex(slot)) + this.nameText(slot) + integers.rawString(value)
      );
    }
    const oldest = this.inserted - this.length;
    const number = slot.numberOf(value, oldest);
    if (number >= 0) return integers.indexedField(STATIC_SIZE + this.inserted - number);
    const index = slot.staticIndexOf(value);
    if (index > 0) return integers.indexedField(index);
    if (this.isIndexed(slot, value)) return this.insert(slot, value);
    return integers.plainLiteral(this.nameIndex(slot)) + this.nameText(slot) + integers.rawString(value);
  }

  private isIndexed(slot: NameSlot, value: string): boolean {
    if (slot.policy === POLICY.NOT || value.length > MAX_INDEXED_VALUE) return false;
    return slot.policy === POLICY.AT_ONCE || (this.keepsValues && slot.isRepeated(value));
  }

  /** With Huffman code where it is shorter: it is paid for once. */
  private insert(slot: NameSlot, value: string): string {
    const size = slot.name.length + value.length + FIELD_CHARGE;
    if (size > this.maxSize) {
      return integers.plainLiteral(this.nameIndex(slot)) + this.nameText(slot) + integers.rawString(value);
    }
    // The name's index is that of before the insertion (section 4.4).
    const out = integers.indexingLiteral(this.nameIndex(slot)) + this.nameText(slot) + shorterString(value);
    this.evict(this.maxSize - size);
    this.sizes[this.inserted % this.sizes.length] = size;
    slot.remember(detach(value), this.inserted, this.inserted - this.length);
    this.inserted++;
    this.length++;
    this.size += size;
    return out;
  }

  /** The index of the slot's name, of either table; 0 when there is none. */
  private nameIndex(slot: NameSlot): number {
    if (slot.staticName > 0) return slot.staticName;
    const number = slot.lastNumber;
    return number >= this.inserted - this.length ? STATIC_SIZE + this.inserted - number : 0;
  }

  /** The name itself, where it has no index. */
  private nameText(slot: NameSlot): string {
    return this.nameIndex(slot) > 0 ? "" : slot.literalName;
  }

  private evict(size: number): void {
    while (this.size > size && this.length > 0) {
      this.size -= this.sizes[(this.inserted - this.length) % this.sizes.length];
      this.length--;
    }
  }
}

function isNeverIndexed(fields: Fields, name: string): boolean {
  return fields.sensitiveNames !== null && fields.sensitiveNames.includes(name);
}

function shorterString(text: string): string {
  const length = huffmanLength(text);
  return length < text.length
    ? integers.huffmanStringLength(length) + encodeHuffman(text)
    : integers.rawString(text);
}
