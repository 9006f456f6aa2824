import { FrameFollower } from "../wire/websocket/index.ts";

/** What a lane tells the tunnel that it belongs to, once it is asked to close. */
export interface LaneHome {
  /** Its sender has sent a close frame, or ended. */
  onLaneDone(): void;
}

/**
 * One direction of a WebSocket. Octets pass as they come; once it is asked to close, it does with a close frame behind
 * the frame under way, and what its sender sends after that is not passed on (RFC 6455 section 5.5.1).
 *
 *   open ─(asked)─► closing ─(no frame is under way)─► closed          what comes is looked at for the sender's close
 *     └───────────────┴─(the sender's close frame, or its end, passed)─► done
 */
export abstract class FrameLane {
  private readonly home: LaneHome;
  private readonly follower = new FrameFollower();
  /** The close frame that waits for its place. */
  private farewell: Uint8Array | null = null;
  private isAsked = false;
  private isClosed = false;
  private hasEnded = false;

  constructor(home: LaneHome) {
    this.home = home;
  }

  protected abstract put(octets: Uint8Array): void;

  /** The sender has said that nothing follows. */
  get isDone(): boolean {
    return this.hasEnded || this.follower.hasClosed;
  }

  close(frame: Uint8Array): void {
    this.isAsked = true;
    if (this.isDone) return;
    this.farewell = frame;
    this.sayFarewell();
  }

  protected pass(chunk: Uint8Array): void {
    if (!this.isAsked) {
      this.follower.follow(chunk, 0, false);
      this.put(chunk);
      return;
    }
    const at = this.farewell === null ? 0 : this.finishFrame(chunk);
    if (this.isClosed) this.follower.follow(chunk, at, false);
    else if (at < chunk.length) this.put(chunk.subarray(at));
    if (this.isDone) this.home.onLaneDone();
  }

  /** Where in the chunk the frame under way ends. */
  private finishFrame(chunk: Uint8Array): number {
    const at = this.follower.follow(chunk, 0, true);
    this.put(at === chunk.length ? chunk : chunk.subarray(0, at));
    this.sayFarewell();
    return at;
  }

  private sayFarewell(): void {
    const { farewell, follower } = this;
    if (farewell === null || !follower.isAtBoundary) return;
    this.farewell = null;
    this.isClosed = true;
    if (!follower.hasClosed) this.put(farewell);
  }

  /** False: it has ended before. */
  protected endLane(): boolean {
    if (this.hasEnded) return false;
    this.hasEnded = true;
    this.farewell = null;
    return true;
  }

  protected noteEnd(): void {
    if (this.isAsked) this.home.onLaneDone();
  }
}
