import type { RequestHead } from "../../message/index.ts";

/** Blocks by their length: a connection's most frequent few. A power of two. */
const PLACES = 4;

/** Longer blocks hold a value that is another each time. */
const MAX_BLOCK_BYTES = 64;

/**
 * Request heads by the octets of their header block. A client that asks for the same again sends the same few octets,
 * once its table is warm: a poll, a call of the same gRPC method, a load generator. A block means what it meant as
 * long as the decoder's table does not change: its generation tells (bench/micro/http2.ts, "h2load request").
 *
 * A head is kept when its block comes the second time, so that a block that comes once costs next to nothing.
 */
export class RequestMemo {
  private readonly blocks: Uint8Array[] = [];
  private readonly lengths: number[] = [];
  private readonly generations: number[] = [];
  private readonly heads: (RequestHead | null)[] = [];

  constructor() {
    for (let place = 0; place < PLACES; place++) {
      this.blocks.push(EMPTY);
      this.lengths.push(-1);
      this.generations.push(0);
      this.heads.push(null);
    }
  }

  /** A head of its own for the block in bytes[start, end); null when it must be decoded. */
  find(bytes: Uint8Array, start: number, end: number, generation: number): RequestHead | null {
    const place = (end - start) & (PLACES - 1);
    const head = this.heads[place];
    if (head === null || !this.has(place, bytes, start, end, generation)) return null;
    return head.clone();
  }

  /** The block was decoded to that head, as yet untouched, and has not changed the table. */
  keep(bytes: Uint8Array, start: number, end: number, generation: number, head: RequestHead): void {
    if (end - start > MAX_BLOCK_BYTES) return;
    const place = (end - start) & (PLACES - 1);
    if (this.has(place, bytes, start, end, generation)) {
      this.heads[place] = head.clone();
      return;
    }
    this.heads[place] = null;
    this.lengths[place] = end - start;
    this.generations[place] = generation;
    let block = this.blocks[place];
    if (block === EMPTY) block = this.blocks[place] = new Uint8Array(MAX_BLOCK_BYTES);
    for (let i = start; i < end; i++) block[i - start] = bytes[i];
  }

  private has(place: number, bytes: Uint8Array, start: number, end: number, generation: number): boolean {
    if (this.lengths[place] !== end - start || this.generations[place] !== generation) return false;
    const block = this.blocks[place];
    for (let i = start; i < end; i++) if (block[i - start] !== bytes[i]) return false;
    return true;
  }
}

const EMPTY = new Uint8Array(0);
