import { Alphabet } from "./alphabet.ts";
import type { CharSet } from "./char-set.ts";
import { OP_ASSERT, OP_MATCH, OP_SET, OP_SPLIT, rangesOf } from "./program.ts";
import type { Instruction, Program } from "./program.ts";
import type { Assertion } from "./syntax.ts";

/** No character: the end of the text, or the place before its first. */
export const NO_CLASS = -1;

/**
 * Steps sets of instructions over one character each. A set is a kernel: where threads stand before assertions
 * are looked at, since "\b" and "$" depend on the character that comes next.
 *
 * A step visits each instruction at most once, whatever the text: so a match takes at most
 * (text length + 1) × (program length) visits.
 */
export class Nfa {
  readonly program: Program;
  readonly alphabet: Alphabet;
  /** Visits of instructions since it was built; tests hold it against the bound above. */
  visits = 0;
  /** Per instruction: whether its set takes a class. Equal sets share one table. */
  private readonly takes: readonly (Uint8Array | null)[];
  /** The round in which an instruction was visited, or its successor put into the next kernel, last. */
  private readonly visited: Int32Array;
  private readonly queued: Int32Array;
  private readonly stack: Int32Array;
  private round = 0;

  constructor(program: Program) {
    this.program = program;
    this.alphabet = new Alphabet(rangesOf(program));
    const tables = new Map<string, Uint8Array>();
    this.takes = program.code.map(({ set }) => (set === null ? null : this.tableOf(set, tables)));
    this.visited = new Int32Array(program.code.length);
    this.queued = new Int32Array(program.code.length);
    // Each instruction is expanded once and pushes two at most.
    this.stack = new Int32Array(program.code.length * 2 + 2);
  }

  /** The kernel after one character of class `next`, written to `to`; returns its length. `previous`: NO_CLASS at the start. */
  step(kernel: Int32Array, length: number, previous: number, next: number, to: Int32Array): number {
    const { code } = this.program;
    const { visited, queued, stack, takes } = this;
    const round = this.nextRound();
    let written = 0;
    let top = 0;
    for (let i = length - 1; i >= 0; i--) stack[top++] = kernel[i];
    while (top > 0) {
      const at = stack[--top];
      if (visited[at] === round) continue;
      visited[at] = round;
      this.visits++;
      const instruction = code[at];
      switch (instruction.op) {
        case OP_SET:
          if (takes[at]![next] === 1 && queued[instruction.x] !== round) {
            queued[instruction.x] = round;
            to[written++] = instruction.x;
          }
          break;
        case OP_SPLIT:
          stack[top++] = instruction.y;
          stack[top++] = instruction.x;
          break;
        case OP_ASSERT:
          if (this.holds(instruction.assertion!, previous, next)) stack[top++] = instruction.x;
          break;
        case OP_MATCH:
          break;
      }
    }
    return written;
  }

  /** Whether a thread reaches the match at the end of the text. */
  accepts(kernel: Int32Array, length: number, previous: number): boolean {
    const { code } = this.program;
    const { visited, stack } = this;
    const round = this.nextRound();
    let top = 0;
    for (let i = 0; i < length; i++) stack[top++] = kernel[i];
    while (top > 0) {
      const at = stack[--top];
      if (visited[at] === round) continue;
      visited[at] = round;
      this.visits++;
      const instruction: Instruction = code[at];
      if (instruction.op === OP_MATCH) return true;
      if (instruction.op === OP_SPLIT) {
        stack[top++] = instruction.y;
        stack[top++] = instruction.x;
      } else if (instruction.op === OP_ASSERT && this.holds(instruction.assertion!, previous, NO_CLASS)) {
        stack[top++] = instruction.x;
      }
    }
    return false;
  }

  private holds(assertion: Assertion, previous: number, next: number): boolean {
    switch (assertion) {
      case "start":
        return previous === NO_CLASS;
      case "end":
        return next === NO_CLASS;
      case "word-boundary":
        return this.isWord(previous) !== this.isWord(next);
      case "no-word-boundary":
        return this.isWord(previous) === this.isWord(next);
    }
  }

  private isWord(index: number): boolean {
    return index !== NO_CLASS && this.alphabet.isWord(index);
  }

  private nextRound(): number {
    if (this.round === 0x7fffffff) {
      this.round = 0;
      this.visited.fill(0);
      this.queued.fill(0);
    }
    return ++this.round;
  }

  private tableOf(set: CharSet, tables: Map<string, Uint8Array>): Uint8Array {
    const key = set.join();
    let table = tables.get(key);
    if (table === undefined) {
      table = this.alphabet.membersOf(set);
      tables.set(key, table);
    }
    return table;
  }
}
