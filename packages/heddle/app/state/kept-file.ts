import { open, rename } from "node:fs/promises";

/** A text of the state folder (0600) that is replaced again and again, each time as a whole. */
export class KeptFile {
  readonly file: string;
  private readonly onFailed: (cause: string) => void;
  private last = "";
  /** What is to be written next; null: nothing. */
  private next: string | null = null;
  private isHeld: boolean;
  private isWriting = false;

  /** `isHeld`: another process keeps the file until `takeOver`. */
  constructor(file: string, onFailed: (cause: string) => void, isHeld: boolean) {
    this.file = file;
    this.onFailed = onFailed;
    this.isHeld = isHeld;
  }

  /** The process before writes no more. */
  takeOver(): void {
    this.isHeld = false;
    if (this.next !== null && !this.isWriting) void this.writeAll();
  }

  /** One after the other; of what comes while one is written the last. */
  write(text: string): void {
    this.next = text;
    if (!this.isHeld && !this.isWriting) void this.writeAll();
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    while (this.next !== null) {
      const text = this.next;
      this.next = null;
      if (text === this.last) continue;
      this.last = text;
      await this.replace(text).catch((error: Error) => this.onFailed(error.message));
    }
    this.isWriting = false;
  }

  private async replace(text: string): Promise<void> {
    const temporary = `${this.file}.tmp`;
    {
      await using file = await open(temporary, "w", 0o600);
      await file.writeFile(text);
      await file.sync();
    }
    await rename(temporary, this.file);
  }
}
