import { PatternError } from "./syntax.ts";

/** A cursor over a pattern. */
export class PatternReader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isDone(): boolean {
    return this.at >= this.text.length;
  }

  isAt(what: string): boolean {
    return this.text.startsWith(what, this.at);
  }

  /** Steps over `what` when it stands here. */
  eat(what: string): boolean {
    if (!this.isAt(what)) return false;
    this.at += what.length;
    return true;
  }

  next(): string {
    if (this.isDone) throw new PatternError("pattern ends too early", this.at);
    return this.text[this.at++];
  }
}
