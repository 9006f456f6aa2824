import { makeFault } from "../base/index.ts";
import { concerned } from "../filter/index.ts";
import type { Reply } from "../filter/index.ts";
import { Fields, isIdempotent, ResponseHead } from "../message/index.ts";
import type { BodySource, BodyStart, UpstreamStream } from "../message/index.ts";
import { loseLength, setLength } from "./body-length.ts";
import { BodyPipe, join } from "./body-pipe.ts";
import type { PipeOutput } from "./body-pipe.ts";
import type { ExchangeCore } from "./exchange-core.ts";
import { RequestReplay } from "./request-replay.ts";
import { inOrder, runTrailers } from "./run-filters.ts";

interface Peek {
  readonly maxBytes: number;
  readonly resolve: (start: BodyStart | null) => void;
}

/**
 * The body of one request, from the client to the attempt under way; made only for requests that have one.
 *
 *   client ─► filters' pipe ─► replay (kept for another attempt) ─► stream
 *             if any looks       while one could follow
 *
 * Without a stream (a filter waits on the head, a retry pauses, a filter buffers) octets wait in the replay.
 */
export class RequestSide implements PipeOutput, BodySource {
  private readonly flow: ExchangeCore;
  private readonly replay = new RequestReplay();
  private pipe: BodyPipe | null = null;
  private isPipeDone = false;
  /** A filter wants the whole request before the first attempt. */
  private isBuffering = false;
  private sentContinue = false;
  private trailers: Fields | null = null;
  /** Filters see the trailers once, however many attempts there are. */
  private hasPassedTrailers = false;
  /** A filter waits for the beginning of the body. */
  private peeking: Peek | null = null;

  constructor(flow: ExchangeCore) {
    this.flow = flow;
  }

  /** The request's head may go: opens the first attempt, now or, where a filter buffers, when the body is whole. */
  open(): void {
    const { flow } = this;
    const looking = inOrder(flow.rule.chain.requestBody, flow.backendChain.requestBody);
    const stages = concerned(looking, flow.exchange);
    if (stages.length === 0) {
      flow.attempt(null, false);
      return;
    }
    this.pipe = new BodyPipe(stages, flow.exchange, this);
    this.isBuffering = stages.some(({ phase }) => phase.mode === "buffer");
    // What came while filters waited on the head has not been through the pipe yet.
    const early = this.replay.take();
    if (stages.some(({ phase }) => phase.mode === "transform" || phase.mode === "stream"))
      loseLength(flow.exchange.request);
    if (this.isBuffering) {
      this.askForBody();
      flow.resumeRequest();
    } else {
      flow.attempt(null, false);
    }
    for (const chunk of early) this.pipe.write(chunk);
    if (flow.isRequestDone) this.pipe.end();
    flow.stream?.flush();
    if (this.isFull) flow.pauseRequest();
  }

  /** A filter has enough to work on: no more should be read. */
  get isFull(): boolean {
    return this.pipe !== null && this.pipe.isFull;
  }

  /** The stream takes octets again. */
  drained(): void {
    if (this.pipe !== null) this.pipe.resume();
    if (!this.isFull) this.flow.resumeRequest();
  }

  /** Octets from the client. */
  write(chunk: Uint8Array): void {
    if (this.pipe !== null) this.pipe.write(chunk);
    else this.onChunk(chunk);
    if (this.peeking !== null) this.settlePeek(this.peeking);
  }

  get isPeeking(): boolean {
    return this.peeking !== null;
  }

  peek(maxBytes: number): Promise<BodyStart | null> {
    return new Promise((resolve) => {
      const peek = { maxBytes, resolve };
      this.peeking = peek;
      this.askForBody();
      this.flow.resumeRequest();
      this.settlePeek(peek);
    });
  }

  /** One octet more than was asked for says that there is more. */
  private settlePeek({ maxBytes, resolve }: Peek): void {
    const { flow, replay } = this;
    const isWhole = flow.isRequestDone && replay.byteLength <= maxBytes;
    if (!isWhole && replay.byteLength <= maxBytes) return;
    this.peeking = null;
    if (!flow.isRequestDone) flow.pauseRequest();
    const bytes = Uint8Array.from(join(replay.chunks, replay.byteLength).subarray(0, maxBytes));
    resolve({ bytes, isWhole });
  }

  /** The client's last octet was read. False when a filter failed on the trailers: the exchange is over. */
  end(trailers: Fields | null): boolean {
    this.trailers = trailers;
    if (this.peeking !== null) this.settlePeek(this.peeking);
    if (this.pipe !== null) this.pipe.end();
    else if (this.flow.stream !== null) return this.writeEnd(this.flow.stream);
    return true;
  }

  /** The head alone is the request after all. */
  isEmpty(): boolean {
    const { flow } = this;
    return flow.isRequestDone && this.replay.byteLength === 0 && flow.exchange.request.bodyLength === 0;
  }

  /** Feeds a new attempt: what was held or is repeated first; then the body flows as it comes. */
  feed(stream: UpstreamStream): void {
    const { flow } = this;
    this.askForBody();
    for (const chunk of this.replay.chunks) stream.writeBody(chunk);
    if (!this.mayRepeat()) this.replay.lose();
    const isWhole = flow.isRequestDone && (this.pipe === null || this.isPipeDone);
    if (isWhole && !this.writeEnd(stream)) return;
    if (flow.isStarting) return;
    if (stream.flush()) this.drained();
    else flow.pauseRequest();
  }

  /** Another attempt would get the same request. */
  canRepeat(): boolean {
    if (!this.replay.isComplete) return false;
    if (this.pipe === null || this.isPipeDone) return true;
    return this.flow.isRequestDone && !this.pipe.hasStreams;
  }

  /** The response has begun: no other attempt follows. */
  forget(): void {
    this.replay.lose();
  }

  stop(): void {
    this.replay.lose();
    this.pipe?.stop();
    this.peeking?.resolve(null);
    this.peeking = null;
  }

  /** Bodies are kept only where another attempt could follow: it costs a copy. */
  private mayRepeat(): boolean {
    const { exchange, limits, stream } = this.flow;
    const { retry } = limits;
    return (
      isIdempotent(exchange.request.method) ||
      (retry !== null && (retry.codes.length > 0 || retry.grpcCodes !== undefined)) ||
      retry?.repeatsEffects === true ||
      (stream !== null && stream.mayBeUnsent)
    );
  }

  /** RFC 9110 section 10.1.1: we answer the expectation ourselves, once somebody wants the body. */
  private askForBody(): void {
    const { exchange, sink, isRequestDone } = this.flow;
    if (!exchange.request.expectsContinue || this.sentContinue || isRequestDone) return;
    this.sentContinue = true;
    sink.writeInformational(new ResponseHead(100, new Fields()));
    sink.flush();
  }

  private writeEnd(stream: UpstreamStream): boolean {
    if (!this.passTrailers()) return false;
    stream.writeEnd(this.trailers);
    return true;
  }

  /** After head and body phases, since a filter may rely on their order. */
  private passTrailers(): boolean {
    const { flow, trailers } = this;
    if (trailers === null || this.hasPassedTrailers) return true;
    this.hasPassedTrailers = true;
    const filters = inOrder(flow.rule.chain.requestTrailers, flow.backendChain.requestTrailers);
    const fault = runTrailers(filters, "requestTrailers", flow.exchange, trailers);
    if (fault !== null) flow.abort(fault);
    // Filters may have taken all of them.
    if (trailers.size === 0) this.trailers = null;
    return fault === null;
  }

  // PipeOutput; without a pipe, `write` comes here directly

  onChunk(chunk: Uint8Array): void {
    const { flow, replay } = this;
    const { stream } = flow;
    if (flow.isEnded) return;
    if (stream === null) {
      // After an early response nobody wants the rest.
      if (!flow.response.isStarted) replay.hold(chunk);
      return;
    }
    if (replay.isComplete) {
      if (this.mayRepeat()) replay.record(chunk);
      else replay.lose();
    }
    stream.writeBody(chunk);
  }

  onPipeEnd(): void {
    const { flow } = this;
    if (flow.isEnded) return;
    this.isPipeDone = true;
    if (flow.stream !== null) {
      if (this.writeEnd(flow.stream)) flow.stream.flush();
      return;
    }
    // Without a stream and not buffered: a retry that waits ends the request itself.
    if (!this.isBuffering || flow.response.isStarted || !this.passTrailers()) return;
    // The length is known now.
    setLength(flow.exchange.request, this.replay.byteLength);
    flow.attempt(null, false);
  }

  onPipeReply(reply: Reply): void {
    const { flow } = this;
    if (flow.response.isStarted) {
      flow.abort(makeFault("HDL_FILTER_FAILED", "a filter replied after the response began"));
      return;
    }
    // Its body was on its way: the endpoint must not take what it got for all of it.
    flow.dropAttempt(makeFault("HDL_DOWNSTREAM_RESET", "a filter refused the request's body"));
    flow.response.reply(reply);
  }

  onPipeFlush(): boolean {
    const { stream } = this.flow;
    // Where a filter buffers it has its limit; between attempts nobody takes more.
    return stream === null ? this.isBuffering : stream.flush();
  }

  onPipeDrained(): void {
    const { flow } = this;
    if (this.onPipeFlush()) flow.resumeRequest();
  }

  onPipeOverflow(maxBytes: number): void {
    const message = `request body is over ${maxBytes} bytes, the limit of a filter`;
    this.flow.abort(makeFault("HDL_BODY_BUFFER_FULL", message));
  }

  onPipeError(error: unknown): void {
    this.flow.abort(makeFault("HDL_FILTER_FAILED", "a request body filter threw", error));
  }
}
