import type { Http2Stream } from "./stream.ts";

/** A power of two, so that a place is a mask away. */
const FIRST_PLACES = 32;

/**
 * The open streams of a connection by id. In place of a Map: one that streams come to and go from all the time makes
 * its table anew again and again, and an old table that V8 has promoted keeps the next one, and all streams in it, from
 * being collected young (25 % of the CPU of bench/compare's h2 went to that).
 *
 * Open addressing by id: those that follow each other, two apart, lie side by side. At most half full.
 */
export class StreamTable {
  private places: (Http2Stream | null)[] = new Array<Http2Stream | null>(FIRST_PLACES).fill(null);
  private mask = FIRST_PLACES - 1;
  size = 0;

  get(id: number): Http2Stream | undefined {
    const { places, mask } = this;
    let at = (id >>> 1) & mask;
    for (;;) {
      const stream = places[at];
      if (stream === null) return undefined;
      if (stream.id === id) return stream;
      at = (at + 1) & mask;
    }
  }

  /** A stream with an id that is not in the table. */
  add(stream: Http2Stream): void {
    if (this.size * 2 >= this.places.length) this.grow();
    this.put(stream);
    this.size++;
  }

  /** Nothing happens where there is none. */
  delete(id: number): void {
    const { places, mask } = this;
    let at = (id >>> 1) & mask;
    for (let stream = places[at]; stream?.id !== id; stream = places[at]) {
      if (stream === null) return;
      at = (at + 1) & mask;
    }
    places[at] = null;
    this.size--;
    this.closeGap(at);
  }

  clear(): void {
    this.places.fill(null);
    this.size = 0;
  }

  /** Those that are in the table now, whatever becomes of it meanwhile. */
  toArray(): Http2Stream[] {
    return this.places.filter((stream) => stream !== null);
  }

  private put(stream: Http2Stream): void {
    const { places, mask } = this;
    let at = (stream.id >>> 1) & mask;
    while (places[at] !== null) at = (at + 1) & mask;
    places[at] = stream;
  }

  private grow(): void {
    const streams = this.toArray();
    this.places = new Array<Http2Stream | null>(this.places.length * 2).fill(null);
    this.mask = this.places.length - 1;
    for (const stream of streams) this.put(stream);
  }

  /** Moves up what lies behind its own place because of the one that is gone. */
  private closeGap(gap: number): void {
    const { places, mask } = this;
    let free = gap;
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const stream = places[at];
      if (stream === null) return;
      const own = (stream.id >>> 1) & mask;
      // Its own place is not between the gap and here: the gap is on its way.
      if (((at - own) & mask) < ((at - free) & mask)) continue;
      places[free] = stream;
      places[at] = null;
      free = at;
    }
  }
}
