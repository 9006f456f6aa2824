import { randomBytes } from "node:crypto";
import type { Fault } from "../base/index.ts";
import type { Fields, UpstreamStream } from "../message/index.ts";
import { encodeCloseFrame, GOING_AWAY } from "../wire/websocket/index.ts";
import type { PipeOutput } from "./body-pipe.ts";
import type { ExchangeCore } from "./exchange-core.ts";
import { FrameLane } from "./frame-lane.ts";
import type { LaneHome } from "./frame-lane.ts";
import { FramePipe } from "./frame-pipe.ts";
import { Tunnel } from "./tunnel.ts";

const REASON = "gateway is going away";

/**
 * The tunnel of a WebSocket, which can say goodbye (ADR 51): both ends get a close frame, and have the time until the cut
 * to answer it. When they have, the endpoint gets FIN, answers it, and that ends the client's half as it always does.
 */
export class FramedTunnel extends Tunnel implements LaneHome {
  /** The attempt's stream, in its place. */
  readonly stream: FramedStream;
  private pipe: FramePipe | null = null;
  private isLeaving = false;

  constructor(flow: ExchangeCore, stream: UpstreamStream) {
    super(flow);
    this.stream = new FramedStream(this, stream);
  }

  override openPipe(output: PipeOutput): FramePipe {
    return (this.pipe = new FramePipe(this, output));
  }

  override farewell(): void {
    const { flow, pipe, stream } = this;
    if (this.isLeaving || pipe === null || flow.isEnded) return;
    this.isLeaving = true;
    pipe.close(encodeCloseFrame(GOING_AWAY, REASON, null));
    stream.close(encodeCloseFrame(GOING_AWAY, REASON, randomBytes(4)));
    flow.sink.flush();
    stream.flush();
    this.onLaneDone();
  }

  onLaneDone(): void {
    const { flow, pipe, stream } = this;
    if (flow.isEnded || pipe === null || !pipe.isDone || !stream.isDone) return;
    stream.writeEnd(null);
    stream.flush();
  }
}

/** From the client to the endpoint. */
export class FramedStream extends FrameLane implements UpstreamStream {
  readonly mayBeUnsent = false;
  private readonly stream: UpstreamStream;

  constructor(home: LaneHome, stream: UpstreamStream) {
    super(home);
    this.stream = stream;
  }

  protected put(octets: Uint8Array): void {
    this.stream.writeBody(octets);
  }

  writeBody(chunk: Uint8Array): void {
    this.pass(chunk);
  }

  writeEnd(trailers: Fields | null): void {
    if (!this.endLane()) return;
    this.stream.writeEnd(trailers);
    this.noteEnd();
  }

  flush(): boolean {
    return this.stream.flush();
  }

  reset(fault: Fault): void {
    this.stream.reset(fault);
  }

  pauseResponseBody(): void {
    this.stream.pauseResponseBody();
  }

  resumeResponseBody(): void {
    this.stream.resumeResponseBody();
  }
}
