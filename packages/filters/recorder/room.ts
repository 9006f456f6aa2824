/** How much may wait. */
export class Room {
  private left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }

  /** False: there is not so much left, and nothing is taken. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.left += bytes;
  }
}
