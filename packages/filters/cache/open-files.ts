/** Files that a worker has open at a time, of bodies that go out or come in: all its stores together. */
export const MAX_OPEN_BODIES = 256;
/** Files that are looked at, at a time: each is open for a moment. */
const MAX_LOOKS = 64;

/** What the disk stores of this worker have open. */
class OpenFiles {
  bodies = 0;
  private looks = 0;
  private readonly waiting: (() => void)[] = [];

  /** False: there are too many. Whoever is told true calls `leave` once. */
  enter(): boolean {
    if (this.bodies >= MAX_OPEN_BODIES) return false;
    this.bodies++;
    return true;
  }

  readonly leave = (): void => void this.bodies--;

  /** Runs `look` when there are fewer than so many others. */
  async look<T>(look: () => Promise<T>): Promise<T> {
    if (this.looks >= MAX_LOOKS) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.looks++;
    try {
      return await look();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.looks--;
      else next();
    }
  }
}

export const openFiles = new OpenFiles();
