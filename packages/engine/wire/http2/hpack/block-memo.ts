import { SPAN } from "../../../message/index.ts";
import type { Fields } from "../../../message/index.ts";

/** Heads by the length of their text: a connection's most frequent few. A power of two. */
const PLACES = 4;

/** Fields whose removal can be told by a bit each. */
const MAX_FIELDS = 30;

/**
 * Header blocks by the text that they were encoded from. Servers say the same again and again, save for the date,
 * which changes once a second: what they said is then one comparison of text (bench/micro/http2.ts, "encode response").
 * A block holds as long as the encoder's table does: its generation tells.
 */
export class BlockMemo {
  private readonly texts: string[] = new Array<string>(PLACES).fill("");
  private readonly kinds: number[] = new Array<number>(PLACES).fill(-1);
  private readonly generations: number[] = new Array<number>(PLACES).fill(0);
  private readonly blocks: string[] = new Array<string>(PLACES).fill("");

  /** The block of the fields' text; "" when it is not known. */
  find(fields: Fields, keepLength: boolean, generation: number): string {
    const { text } = fields;
    const place = text.length & (PLACES - 1);
    if (this.generations[place] !== generation || this.texts[place] !== text) return "";
    const kind = kindOf(fields, keepLength);
    return kind >= 0 && this.kinds[place] === kind ? this.blocks[place] : "";
  }

  keep(fields: Fields, keepLength: boolean, generation: number, block: string): void {
    const place = fields.text.length & (PLACES - 1);
    this.texts[place] = fields.text;
    this.kinds[place] = kindOf(fields, keepLength);
    this.generations[place] = generation;
    this.blocks[place] = block;
  }

  clear(): void {
    this.kinds.fill(-1);
  }
}

/** Which of the text's fields are still there, and how content-length is treated; -1 for what is not told apart. */
function kindOf(fields: Fields, keepLength: boolean): number {
  const { spans } = fields;
  if (fields.sensitiveNames !== null || spans.length > MAX_FIELDS * SPAN) return -1;
  let removed = 0;
  for (let i = 0, at = 0; at < spans.length; i++, at += SPAN) if (spans[at] < 0) removed |= 1 << i;
  return removed * 2 + (keepLength ? 1 : 0);
}
