import { FIELD_CHARGE, HEADER_TABLE_BYTES } from "../limits.ts";
import { fieldName } from "./field-rules.ts";
import { HpackField } from "./field.ts";
import { STATIC_PAIRS, STATIC_SIZE } from "./static-table.ts";

const STATIC_FIELDS: readonly HpackField[] = Array.from(
  { length: STATIC_SIZE + 1 },
  (_, index) => new HpackField(fieldName(STATIC_PAIRS[index * 2]), STATIC_PAIRS[index * 2 + 1], true),
);

/** As many as fit: every entry is charged. A power of two. */
const MAX_ENTRIES = HEADER_TABLE_BYTES / FIELD_CHARGE;

/**
 * The fields that a decoder knows by index (RFC 7541 section 2.3): the static ones, then what was inserted, the
 * newest first. A ring, which grows to what is used.
 */
export class FieldTable {
  private ring: (HpackField | null)[] = [];
  /** Insertions so far; the newest entry is at (inserted - 1) modulo the ring's length. */
  private inserted = 0;
  private length = 0;
  /** Counts the changes: two blocks of the same octets mean the same while it stays. */
  generation = 0;
  /** Octets of the entries, and how many there may be: at most HEADER_TABLE_BYTES. */
  size = 0;
  maxSize = HEADER_TABLE_BYTES;

  /** The field with that index; undefined for 0 or less, and behind the oldest. */
  get(index: number): HpackField | undefined {
    if (index <= STATIC_SIZE) return index <= 0 ? undefined : STATIC_FIELDS[index];
    const age = index - STATIC_SIZE;
    return age > this.length ? undefined : this.ring[(this.inserted - age) & (this.ring.length - 1)]!;
  }

  /** Section 4.4: what is larger than the table empties it. */
  insert(field: HpackField): void {
    this.generation++;
    this.evict(this.maxSize - field.size);
    if (field.size > this.maxSize) return;
    if (this.length === this.ring.length) this.grow();
    this.ring[this.inserted & (this.ring.length - 1)] = field;
    this.inserted++;
    this.length++;
    this.size += field.size;
  }

  /** Section 4.3. */
  resize(maxSize: number): void {
    this.generation++;
    this.maxSize = maxSize;
    this.evict(maxSize);
  }

  /** Removes the oldest entries until no more than `size` octets are left. */
  private evict(size: number): void {
    const mask = this.ring.length - 1;
    while (this.size > size && this.length > 0) {
      const at = (this.inserted - this.length) & mask;
      this.size -= this.ring[at]!.size;
      this.ring[at] = null;
      this.length--;
    }
  }

  private grow(): void {
    const old = this.ring;
    const length = Math.min(Math.max(old.length * 2, 16), MAX_ENTRIES);
    const ring = new Array<HpackField | null>(length).fill(null);
    for (let age = 1; age <= this.length; age++) {
      ring[(this.inserted - age) & (length - 1)] = old[(this.inserted - age) & (old.length - 1)];
    }
    this.ring = ring;
  }
}
