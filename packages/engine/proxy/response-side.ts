import { FAULTS, makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { chainBefore, concerned, EMPTY_CHAIN } from "../filter/index.ts";
import type { BodyFilter, BodySource, Filter, FilterChain, Reply } from "../filter/index.ts";
import { LENGTH_UNKNOWN } from "../message/index.ts";
import type { Fields, ResponseHead, ResponseSink } from "../message/index.ts";
import { loseLength } from "./body-length.ts";
import { BodyPipe } from "./body-pipe.ts";
import type { PipeOutput } from "./body-pipe.ts";
import { composeReply } from "./compose-reply.ts";
import type { ExchangeCore } from "./exchange-core.ts";
import { rescue, rescueTrailers } from "./rescue.ts";
import { ResponseGate } from "./response-gate.ts";
import type { ResponsePipe } from "./response-gate.ts";
import { filterFault, inOrder, runTrailers } from "./run-filters.ts";
import { SourceReader } from "./source-reader.ts";

/** Null: none goes out, or none of a reply. */
type ReplyBody = Uint8Array | BodySource | null;

/** Of a reply's body, at a time: a client that takes a long one slowly holds no more than this and the high-water mark. */
const SLICE_BYTES = 65_536;

/**
 * What the client of one exchange gets: the endpoint's response or a reply of our own, through the filters in
 * reverse.
 *
 *   idle ─respond─► started ─────────────► head sent ─► done
 *                      │ a filter waits on the head: a gate holds the octets behind it
 *                      │ a filter buffers the body: the head is held until octets come out, or the end
 *                      ├ a filter has a response that was stored: the filters before it see that one instead
 *                      └ a fault or another reply: replaces the response, which no filter sees then
 *
 * Before `started` a fault is answered; until the head is sent it still replaces the response; from there on it can
 * only break the response visibly.
 */
export class ResponseSide implements PipeOutput {
  private readonly flow: ExchangeCore;
  private readonly sink: ResponseSink;
  isStarted = false;
  isDone = false;
  private isHeadSent = false;
  private isPaused = false;
  private pipe: ResponsePipe | null = null;
  private heldHead: ResponseHead | null = null;
  /** What is left of a reply's body. */
  private rest: Uint8Array | null = null;
  /** Of a reply's body that is read as it goes out. */
  private reader: SourceReader | null = null;
  private trailers: Fields | null = null;
  /** Whose stored response this is: those behind it do not see it. */
  private from: Filter | null = null;

  constructor(flow: ExchangeCore, sink: ResponseSink) {
    this.flow = flow;
    this.sink = sink;
  }

  // What is answered

  /** Answers with `head`; a body follows through `write` and `end` unless it is `isLast`, or is a reply's `body`. */
  respond(head: ResponseHead, isLast: boolean, body: ReplyBody): void {
    const { flow } = this;
    flow.exchange.response = head;
    this.isStarted = true;
    const filters = inOrder(this.backendChain().responseHead, this.ruleChain().responseHead);
    if (filters.length === 0) this.deliver(head, isLast, body);
    else this.runHeads(filters, 0, head, isLast, body);
  }

  /** Of the backend's filters, those that see the response. */
  private backendChain(): FilterChain {
    const { backendChain } = this.flow;
    if (this.from === null) return backendChain;
    return chainBefore(backendChain, this.from) ?? EMPTY_CHAIN;
  }

  /** Of the rule's. A filter of a backend is behind all of them. */
  private ruleChain(): FilterChain {
    const { chain } = this.flow.rule;
    return (this.from === null ? null : chainBefore(chain, this.from)) ?? chain;
  }

  /** Answers instead of the upstream, through the response filters. */
  reply(reply: Reply): void {
    const { flow } = this;
    if (flow.isEnded || this.isStarted) return;
    if (reply.from !== undefined) this.from = reply.from;
    const { head, body } = composeReply(reply, flow.exchange, flow.context.clock);
    this.respond(head, body === null, body);
    if (!flow.isEnded) this.sink.flush();
  }

  /** The exchange cannot go on. */
  fail(fault: Fault): void {
    if (!this.isStarted) {
      this.reply(rescue(fault));
    } else if (!this.isHeadSent) {
      this.replaceBy(rescue(fault));
    } else if (this.mayEndByTrailers()) {
      this.endByTrailers(fault);
    } else {
      this.sink.reset(fault);
      this.flow.finish();
    }
  }

  /** A gRPC client reads the status behind the messages, however many there were; a length would be broken. */
  private mayEndByTrailers(): boolean {
    const { exchange } = this.flow;
    const { request, response, grpcForm } = exchange;
    if (grpcForm !== "grpc" || response!.bodyLength !== LENGTH_UNKNOWN) return false;
    return request.version === 20 || request.acceptsTrailers;
  }

  private endByTrailers(fault: Fault): void {
    this.stop();
    this.flow.exchange.grpcStatus = FAULTS[fault.code].grpc;
    this.isDone = true;
    this.sink.writeEnd(rescueTrailers(fault));
    this.sink.flush();
    this.flow.finish();
  }

  /** A filter has a response that was stored, for the filters before it, in place of the one that it was shown. */
  private substitute(reply: Reply): void {
    const { flow } = this;
    flow.dropAttempt(makeFault("HDL_FILTER_FAILED", "replaced by a stored response"));
    this.from = reply.from!;
    const { head, body } = composeReply(reply, flow.exchange, flow.context.clock);
    this.respond(head, body === null, body);
    if (!flow.isEnded) this.sink.flush();
  }

  /** Answers instead of a response that no octet was sent of: no filter sees this one. */
  private replaceBy(reply: Reply): void {
    const { flow, sink } = this;
    flow.dropAttempt(makeFault("HDL_FILTER_FAILED", "replaced by a filter"));
    const { head, body } = composeReply(reply, flow.exchange, flow.context.clock);
    flow.exchange.response = head;
    this.isStarted = true;
    this.isHeadSent = true;
    this.heldHead = null;
    this.stop();
    sink.writeHead(head, body === null);
    if (body !== null && !(body instanceof Uint8Array)) {
      this.sendFrom(body);
      return;
    }
    if (body !== null) {
      flow.exchange.responseBytes += body.length;
      sink.writeBody(body);
      sink.writeEnd(null);
    }
    flow.finish();
  }

  private replaceByFault(fault: Fault): void {
    this.flow.exchange.fault = fault;
    this.replaceBy(rescue(fault));
  }

  // The head

  private runHeads(
    filters: readonly Filter[],
    from: number,
    head: ResponseHead,
    isLast: boolean,
    body: ReplyBody,
  ): void {
    for (let at = from; at < filters.length; at++) {
      let result;
      try {
        result = filters[at].responseHead!(this.flow.exchange, head);
      } catch (error) {
        this.replaceByFault(filterFault(filters[at], error));
        return;
      }
      if (result === undefined) continue;
      if (result instanceof Promise) this.awaitHead(result, filters, at, head, isLast, body);
      else this.take(result);
      return;
    }
    this.deliver(head, isLast, body);
  }

  /** A filter's reply to a head. */
  private take(reply: Reply): void {
    if (reply.from === undefined) this.replaceBy(reply);
    else this.substitute(reply);
  }

  private awaitHead(
    wait: Promise<Reply | undefined | void>,
    filters: readonly Filter[],
    at: number,
    head: ResponseHead,
    isLast: boolean,
    body: ReplyBody,
  ): void {
    // Body octets of this very read are already here: they wait behind the head.
    const gate = new ResponseGate();
    this.pipe = gate;
    wait.then(
      (reply) => {
        if (this.flow.isEnded) return;
        this.pipe = null;
        try {
          if (reply !== undefined) {
            this.take(reply);
            return;
          }
          this.runHeads(filters, at + 1, head, isLast, body);
          this.open(gate);
        } catch (error) {
          this.flow.crash(error);
        }
      },
      (error: unknown) => {
        if (!this.flow.isEnded) this.replaceByFault(filterFault(filters[at], error));
      },
    );
  }

  private open(gate: ResponseGate): void {
    for (const chunk of gate.take()) this.write(chunk);
    if (gate.hasEnded) this.endPipe();
    if (this.flow.isEnded || this.isHeadWaiting()) return;
    if (this.sink.flush() && !this.isPipeFull()) this.resume();
    else this.pause();
  }

  /** A filter waits on the head; octets behind it are held. */
  private isHeadWaiting(): boolean {
    return this.pipe instanceof ResponseGate;
  }

  private deliver(head: ResponseHead, isLast: boolean, body: ReplyBody): void {
    const { flow } = this;
    if (flow.tunnel !== null) {
      if (head.status === 101) this.pipe = flow.tunnel.openPipe(this);
    } else if (!isLast) {
      const looking = inOrder(this.backendChain().responseBody, this.ruleChain().responseBody);
      const stages = concerned(looking, flow.exchange);
      if (stages.length > 0) this.openPipe(stages, head);
    }
    if (this.heldHead === null) this.sendHead(head, isLast);
    if (isLast) {
      flow.finish();
    } else if (body instanceof Uint8Array) {
      this.rest = body;
      this.sendRest();
    } else if (body !== null) this.sendFrom(body);
  }

  private sendFrom(source: BodySource): void {
    this.reader = new SourceReader(this.flow, source, () => this.mayGoOn());
    this.reader.next();
  }

  /** Whether the client takes more of a reply's body; where not, `resume` goes on with it. */
  private mayGoOn(): boolean {
    if (this.onPipeFlush() && !this.isPipeFull()) return true;
    this.isPaused = true;
    if (!this.flow.isRequestDone) this.flow.pauseRequest();
    return false;
  }

  private sendRest(): void {
    const { flow } = this;
    let rest = this.rest!;
    while (rest.length > SLICE_BYTES) {
      flow.onResponseBody(rest.subarray(0, SLICE_BYTES));
      if (flow.isEnded) return;
      rest = this.rest = rest.subarray(SLICE_BYTES);
      if (!this.mayGoOn()) return;
    }
    this.rest = null;
    flow.onResponseBody(rest);
    flow.onResponseEnd(null);
  }

  private openPipe(stages: readonly BodyFilter[], head: ResponseHead): void {
    this.pipe = new BodyPipe(stages, this.flow.exchange, this);
    if (stages.some(({ phase }) => phase.mode !== "observe")) loseLength(head);
    if (stages.some(({ phase }) => phase.mode === "buffer")) this.heldHead = head;
  }

  private releaseHeldHead(): void {
    const head = this.heldHead;
    if (head === null) return;
    this.heldHead = null;
    this.sendHead(head, false);
  }

  /** A sink that refuses the head has sent nothing: another can still take its place. */
  private sendHead(head: ResponseHead, isLast: boolean): void {
    this.sink.writeHead(head, isLast);
    this.isHeadSent = true;
  }

  // The body

  write(chunk: Uint8Array): void {
    if (this.pipe !== null) this.pipe.write(chunk);
    else this.onChunk(chunk);
  }

  end(trailers: Fields | null): void {
    this.trailers = trailers;
    this.endPipe();
  }

  private endPipe(): void {
    if (this.pipe !== null) this.pipe.end();
    else this.onPipeEnd();
  }

  stop(): void {
    if (this.pipe === null) return;
    this.pipe.stop();
    this.pipe = null;
  }

  private passTrailers(trailers: Fields): boolean {
    const { flow } = this;
    const filters = inOrder(this.backendChain().responseTrailers, this.ruleChain().responseTrailers);
    const fault = runTrailers(filters, "responseTrailers", flow.exchange, trailers);
    if (fault !== null) flow.abort(fault);
    return fault === null;
  }

  // Backpressure

  /** The endpoint's read is worked off. Not called earlier than that: see `onResponseReadDone`. */
  flush(): void {
    const mayGoOn = this.heldHead !== null || (!this.isHeadWaiting() && this.sink.flush());
    if (!mayGoOn || this.isPipeFull()) this.pause();
  }

  onDrain(): void {
    if (this.isHeadWaiting()) return;
    if (this.pipe !== null) this.pipe.resume();
    if (!this.isPipeFull()) this.resume();
  }

  private isPipeFull(): boolean {
    return this.pipe !== null && this.pipe.isFull;
  }

  private pause(): void {
    const { stream } = this.flow;
    if (this.isPaused || stream === null) return;
    this.isPaused = true;
    stream.pauseResponseBody();
  }

  private resume(): void {
    if (!this.isPaused || this.flow.isEnded) return;
    this.isPaused = false;
    if (this.rest !== null) this.sendRest();
    else if (this.reader !== null) this.reader.next();
    else this.flow.stream?.resumeResponseBody();
  }

  // PipeOutput; without a pipe, `write` and `end` come here directly

  onChunk(chunk: Uint8Array): void {
    const { flow } = this;
    if (flow.isEnded) return;
    if (this.heldHead !== null) this.releaseHeldHead();
    flow.exchange.responseBytes += chunk.length;
    this.sink.writeBody(chunk);
  }

  onPipeEnd(): void {
    const { flow, trailers } = this;
    if (flow.isEnded) return;
    if (trailers !== null && !this.passTrailers(trailers)) return;
    this.releaseHeldHead();
    this.isDone = true;
    this.sink.writeEnd(trailers);
    if (flow.tunnel !== null && !flow.isRequestDone) {
      this.sink.flush();
      flow.tunnel.endHalf();
      return;
    }
    flow.endAttempt();
    flow.finish();
  }

  onPipeFlush(): boolean {
    return this.heldHead !== null || this.sink.flush();
  }

  onPipeDrained(): void {
    if (this.onPipeFlush()) this.resume();
  }

  /** A buffering filter answers instead of the response that it was shown. */
  onPipeReply(reply: Reply): void {
    if (this.flow.isEnded) return;
    if (!this.isHeadSent) this.replaceBy(reply);
    else this.flow.abort(makeFault("HDL_FILTER_FAILED", "a filter replied after the response began"));
  }

  /** 502 where the same fault of a request is 413: the client cannot mend it. */
  onPipeOverflow(maxBytes: number): void {
    const { flow } = this;
    if (flow.isEnded) return;
    const message = `response body is over ${maxBytes} bytes, the limit of a filter`;
    const fault = makeFault("HDL_BODY_BUFFER_FULL", message);
    if (this.isHeadSent) {
      flow.abort(fault);
      return;
    }
    flow.exchange.fault = fault;
    this.replaceBy({ ...rescue(fault), status: 502 });
  }

  onPipeError(error: unknown): void {
    this.flow.abort(makeFault("HDL_FILTER_FAILED", "a response body filter threw", error));
  }
}
