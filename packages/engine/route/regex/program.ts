import type { CharSet } from "./char-set.ts";
import { WORD } from "./char-set.ts";
import { PatternError } from "./syntax.ts";
import type { Assertion, Node } from "./syntax.ts";

/**
 * Instructions of the longest program. It bounds the work per input character, and the memory of one state.
 * A DNS label with its length bound takes about 190.
 */
const MAX_PROGRAM = 1_000;

export const OP_SET = 0;
export const OP_SPLIT = 1;
export const OP_ASSERT = 2;
export const OP_MATCH = 3;

/** Thompson's NFA: `x` and `y` are the instructions that follow; `y` of a SPLIT only. */
export interface Instruction {
  op: typeof OP_SET | typeof OP_SPLIT | typeof OP_ASSERT | typeof OP_MATCH;
  x: number;
  y: number;
  readonly set: CharSet | null;
  readonly assertion: Assertion | null;
}

export interface Program {
  readonly code: readonly Instruction[];
  readonly start: number;
  readonly hasWordBoundary: boolean;
}

/** Throws PatternError when the program would be longer than MAX_PROGRAM. */
export function compileProgram(node: Node): Program {
  const size = sizeOf(node) + 1;
  if (size > MAX_PROGRAM) {
    throw new PatternError(`pattern is too large: ${size} instructions, limit ${MAX_PROGRAM}`, 0);
  }
  const generator = new Generator();
  const match = generator.add(OP_MATCH, -1, -1);
  const start = generator.emit(node, match);
  const hasWordBoundary = generator.code.some(({ assertion }) => assertion?.endsWith("word-boundary"));
  return { code: generator.code, start, hasWordBoundary };
}

/**
 * An upper bound of the instructions of a node, known before any is emitted: nested counts multiply. Never 0, so
 * that it also bounds the work of emitting.
 */
function sizeOf(node: Node): number {
  switch (node.kind) {
    case "empty":
    case "set":
    case "assert":
      return 1;
    case "sequence":
      return node.parts.reduce((sum, part) => sum + sizeOf(part), 0);
    case "either":
      return node.options.reduce((sum, option) => sum + sizeOf(option) + 1, 0);
    case "repeat": {
      // Saturates, so that a hundred nested counts stay a number.
      const body = Math.min(sizeOf(node.body), 1e6);
      if (node.max === Infinity) return body * Math.max(1, node.min) + 1;
      return Math.max(1, body * node.min + (body + 1) * (node.max - node.min));
    }
  }
}

/** Emits back to front: each node is given the instruction that follows it, and returns its first one. */
class Generator {
  readonly code: Instruction[] = [];

  add(
    op: Instruction["op"],
    x: number,
    y: number,
    set: CharSet | null = null,
    assertion: Assertion | null = null,
  ) {
    return this.code.push({ op, x, y, set, assertion }) - 1;
  }

  emit(node: Node, next: number): number {
    switch (node.kind) {
      case "empty":
        return next;
      case "set":
        return this.add(OP_SET, next, -1, node.set);
      case "assert":
        return this.add(OP_ASSERT, next, -1, null, node.assertion);
      case "sequence":
        return node.parts.reduceRight((after, part) => this.emit(part, after), next);
      case "either":
        return node.options
          .map((option) => this.emit(option, next))
          .reduceRight((rest, first) => this.add(OP_SPLIT, first, rest));
      case "repeat":
        return this.repeat(node.body, node.min, node.max, next);
    }
  }

  private repeat(body: Node, min: number, max: number, next: number): number {
    let start = next;
    if (max === Infinity) {
      // x* is a split around x; x+ and x{n,} let the last required copy lead back into it.
      const split = this.add(OP_SPLIT, -1, next);
      const loop = this.emit(body, split);
      this.code[split].x = loop;
      start = min === 0 ? split : loop;
      for (let i = 1; i < min; i++) start = this.emit(body, start);
      return start;
    }
    for (let i = min; i < max; i++) start = this.add(OP_SPLIT, this.emit(body, start), next);
    for (let i = 0; i < min; i++) start = this.emit(body, start);
    return start;
  }
}

/** Ranges that the matcher has to tell apart. */
export function rangesOf(program: Program): CharSet[] {
  const sets: CharSet[] = program.hasWordBoundary ? [WORD] : [];
  for (const { set } of program.code) if (set !== null) sets.push(set);
  return sets;
}
