import { CLOSED_STREAMS_REMEMBERED } from "./limits.ts";

export type StreamEnd = "reset by us" | "reset by peer" | "ended" | "unknown";

/**
 * How the last closed streams ended (RFC 9113 section 5.1, "closed"): frames for one that we reset may still be under
 * way and are ignored; after the peer's own reset, or the end of both sides, they are errors. Resets are remembered
 * apart: many streams may end well while the peer has yet to hear of one reset.
 */
export class ClosedStreams {
  private readonly resets: number[] = [];
  private readonly areByPeer: boolean[] = [];
  private nextReset = 0;
  private readonly ended: number[] = [];
  private nextEnded = 0;

  addReset(stream: number, isByPeer: boolean): void {
    this.resets[this.nextReset] = stream;
    this.areByPeer[this.nextReset] = isByPeer;
    this.nextReset = (this.nextReset + 1) % CLOSED_STREAMS_REMEMBERED;
  }

  addEnded(stream: number): void {
    this.ended[this.nextEnded] = stream;
    this.nextEnded = (this.nextEnded + 1) % ENDED_REMEMBERED;
  }

  howEnded(stream: number): StreamEnd {
    const at = this.resets.indexOf(stream);
    if (at >= 0) return this.areByPeer[at] ? "reset by peer" : "reset by us";
    return this.ended.includes(stream) ? "ended" : "unknown";
  }
}

const ENDED_REMEMBERED = 32;
