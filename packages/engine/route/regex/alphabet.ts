import type { CharSet } from "./char-set.ts";
import { MAX_UNIT, WORD } from "./char-set.ts";

/**
 * Code units that no set of a program tells apart share a class, so that a state has one transition per class.
 */
export class Alphabet {
  readonly size: number;
  /** Lowest code unit of each class, ascending; classes are runs. */
  private readonly starts: readonly number[];
  /** Classes of the units below 256: nearly all of what is matched. */
  private readonly low: Uint16Array;

  constructor(sets: readonly CharSet[]) {
    const cuts = new Set([0]);
    for (const set of sets) {
      for (let i = 0; i < set.length; i += 2) {
        cuts.add(set[i]);
        if (set[i + 1] < MAX_UNIT) cuts.add(set[i + 1] + 1);
      }
    }
    this.starts = [...cuts].sort((a, b) => a - b);
    this.size = this.starts.length;
    this.low = new Uint16Array(256);
    for (let unit = 0; unit < 256; unit++) this.low[unit] = this.search(unit);
  }

  classOf(unit: number): number {
    return unit < 256 ? this.low[unit] : this.search(unit);
  }

  /** Per class, 1 where it belongs to a set of the program. Classes never straddle such a set. */
  membersOf(set: CharSet): Uint8Array {
    const members = new Uint8Array(this.size);
    for (let i = 0; i < set.length; i += 2) {
      members.fill(1, this.classOf(set[i]), this.classOf(set[i + 1]) + 1);
    }
    return members;
  }

  /** Whether the characters of a class are word characters; told apart only if the program asks for that. */
  isWord(index: number): boolean {
    const unit = this.starts[index];
    for (let i = 0; i < WORD.length; i += 2) if (unit >= WORD[i] && unit <= WORD[i + 1]) return true;
    return false;
  }

  private search(unit: number): number {
    const { starts } = this;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= unit) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
