import { Nfa, NO_CLASS } from "./nfa.ts";
import type { Program } from "./program.ts";

/** Instructions that all cached states of one regular expression may hold, and the states whatever their size. */
const MAX_CACHED_INSTRUCTIONS = 16_384;
const MAX_STATES = 256;
/** Times that one match may empty the cache before it goes on without one. */
const MAX_FLUSHES = 2;

/** A set of NFA threads that was met before, with the transitions that were asked for. */
class State {
  readonly kernel: Int32Array;
  /** Class of the character before; NO_CLASS at the start. Kept apart only as far as assertions can tell. */
  readonly previous: number;
  /** Per class of the alphabet; null until asked for. */
  readonly next: (State | null)[];
  isAccepting: boolean | null = null;

  constructor(kernel: Int32Array, previous: number, classes: number) {
    this.kernel = kernel;
    this.previous = previous;
    this.next = Array.from({ length: classes }, () => null);
  }
}

/**
 * A compiled regular expression. Matches in time linear in the text: a lazy DFA with a bounded cache, and plain
 * NFA simulation for the rest of a text that overflows it (as RE2: Cox, "Regular Expression Matching in the Wild").
 */
export class Regex {
  readonly pattern: string;
  /** What each match begins with. */
  private readonly prefix: string;
  private readonly nfa: Nfa;
  private readonly states = new Map<string, State>();
  private readonly maxStates: number;
  private start: State;
  private buffer: Int32Array;
  private spare: Int32Array;
  /** Stand for "a word character was before" and "another": see `previousOf`. */
  private wordClass = 0;
  private otherClass = 0;

  constructor(pattern: string, program: Program, prefix: string) {
    this.pattern = pattern;
    this.prefix = prefix;
    this.nfa = new Nfa(program);
    const length = program.code.length;
    this.maxStates = Math.max(16, Math.min(MAX_STATES, Math.floor(MAX_CACHED_INSTRUCTIONS / length)));
    this.buffer = new Int32Array(length);
    this.spare = new Int32Array(length);
    const { alphabet } = this.nfa;
    for (let index = 0; index < alphabet.size; index++) {
      if (alphabet.isWord(index)) this.wordClass = index;
      else this.otherClass = index;
    }
    this.start = this.makeStart();
  }

  /** Visits of NFA instructions so far: the work that was not answered by the cache. */
  get visits(): number {
    return this.nfa.visits;
  }

  /** States in the cache now: bounded, whatever was matched. */
  get cachedStates(): number {
    return this.states.size;
  }

  /** Whether the pattern matches all of `text`. */
  matches(text: string): boolean {
    if (!text.startsWith(this.prefix)) return false;
    const { alphabet } = this.nfa;
    let state = this.start;
    let flushes = 0;
    for (let i = 0; i < text.length; i++) {
      const index = alphabet.classOf(text.charCodeAt(i));
      let next = state.next[index];
      if (next === null) {
        if (this.states.size >= this.maxStates) {
          if (++flushes > MAX_FLUSHES) return this.simulate(state, text, i);
          this.states.clear();
          this.start = this.makeStart();
          // A copy, which does not hold on to the states that were dropped.
          state = new State(state.kernel, state.previous, alphabet.size);
        }
        next = this.follow(state, index);
      }
      if (next.kernel.length === 0) return false;
      state = next;
    }
    state.isAccepting ??= this.nfa.accepts(state.kernel, state.kernel.length, state.previous);
    return state.isAccepting;
  }

  private makeStart(): State {
    return new State(Int32Array.of(this.nfa.program.start), NO_CLASS, this.nfa.alphabet.size);
  }

  private follow(state: State, index: number): State {
    const length = this.nfa.step(state.kernel, state.kernel.length, state.previous, index, this.buffer);
    const kernel = this.buffer.slice(0, length).sort();
    const previous = this.previousOf(index);
    const key = `${previous} ${kernel.join()}`;
    let next = this.states.get(key);
    if (next === undefined) {
      next = new State(kernel, previous, this.nfa.alphabet.size);
      this.states.set(key, next);
    }
    state.next[index] = next;
    return next;
  }

  /** All that "\b" can see of the character before is whether it was a word's; without "\b" not even that. */
  private previousOf(index: number): number {
    if (!this.nfa.program.hasWordBoundary) return this.otherClass;
    return this.nfa.alphabet.isWord(index) ? this.wordClass : this.otherClass;
  }

  private simulate(state: State, text: string, from: number): boolean {
    const { nfa } = this;
    let length = state.kernel.length;
    this.buffer.set(state.kernel);
    let previous = state.previous;
    for (let i = from; i < text.length; i++) {
      const index = nfa.alphabet.classOf(text.charCodeAt(i));
      length = nfa.step(this.buffer, length, previous, index, this.spare);
      if (length === 0) return false;
      const filled = this.spare;
      this.spare = this.buffer;
      this.buffer = filled;
      previous = index;
    }
    return nfa.accepts(this.buffer, length, previous);
  }
}
