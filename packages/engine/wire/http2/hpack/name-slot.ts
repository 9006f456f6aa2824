import { knownNameId } from "../../../message/index.ts";
import { LAST_FRAMING_ID } from "../../framing-names.ts";
import * as integers from "./integers.ts";
import { policyOf } from "./name-policy.ts";
import { STATIC_NAMES, STATIC_PAIRS } from "./static-table.ts";

/** Values of one name that are in the table and known to be. */
const MAX_VALUES = 4;

/** What an encoder knows of one field name: how it is encoded, and which of its values are in the table. */
export class NameSlot {
  readonly name: string;
  /** One of POLICY. */
  readonly policy: number;
  /** The name frames a message: content-length and its like. */
  readonly isFraming: boolean;
  /** Index in the static table; 0 for none. */
  readonly staticName: number;
  /** As a string of HPACK. */
  readonly literalName: string;
  /** The number of the last entry with this name; -1 for none. */
  lastNumber = -1;
  private readonly values: string[] = [];
  private readonly numbers: number[] = [];
  /** The last value that was not put into the table. */
  private seen = "";

  constructor(name: string) {
    const id = knownNameId(name);
    this.name = name;
    this.policy = policyOf(name);
    this.isFraming = id > 0 && id <= LAST_FRAMING_ID;
    this.staticName = STATIC_NAMES.get(name) ?? 0;
    this.literalName = integers.rawString(name);
  }

  /** The number of the entry with that value, of those from `oldest` on; -1 for none. */
  numberOf(value: string, oldest: number): number {
    const { values } = this;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === value) return this.numbers[i] >= oldest ? this.numbers[i] : -1;
    }
    return -1;
  }

  /** The index of the static entry with that value; 0 for none. */
  staticIndexOf(value: string): number {
    if (this.staticName === 0) return 0;
    for (let index = this.staticName; STATIC_PAIRS[index * 2] === this.name; index++) {
      if (STATIC_PAIRS[index * 2 + 1] === value && value !== "") return index;
    }
    return 0;
  }

  /** Whether the value is the one before, too. */
  isRepeated(value: string): boolean {
    if (this.seen === value) return true;
    this.seen = value;
    return false;
  }

  /** The value has become an entry: in the place of one that is no more, else of the one that came first. */
  remember(value: string, number: number, oldest: number): void {
    this.lastNumber = number;
    let place = this.values.indexOf(value);
    for (let i = 0; place < 0 && i < this.numbers.length; i++) if (this.numbers[i] < oldest) place = i;
    if (place < 0) place = this.values.length < MAX_VALUES ? this.values.length : number % MAX_VALUES;
    this.values[place] = value;
    this.numbers[place] = number;
  }
}
