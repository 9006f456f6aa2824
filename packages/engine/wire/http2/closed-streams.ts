import { CLOSED_STREAMS_REMEMBERED } from "./limits.ts";

/**
 * How the last streams that did not end well ended (RFC 9113 section 5.1, "closed"): frames for one that we reset
 * may still be under way and are ignored; after the peer's own reset they are an error. Streams that are not
 * remembered ended by END_STREAM on both sides, or are long gone.
 */
export class ClosedStreams {
  private readonly ids: number[] = [];
  private readonly byPeer: boolean[] = [];
  private next = 0;

  add(stream: number, isByPeer: boolean): void {
    this.ids[this.next] = stream;
    this.byPeer[this.next] = isByPeer;
    this.next = (this.next + 1) % CLOSED_STREAMS_REMEMBERED;
  }

  howEnded(stream: number): "reset by us" | "reset by peer" | "ended" {
    const at = this.ids.indexOf(stream);
    if (at < 0) return "ended";
    return this.byPeer[at] ? "reset by peer" : "reset by us";
  }
}
