import { copyBytes } from "@heddle/engine/base";
import type { ClockTimer } from "@heddle/engine/base";
import type { FilterContext, SideCall, SideCallEvents } from "@heddle/engine/filter";
import type { Fields, RequestHead, ResponseHead } from "@heddle/engine/message";

/** What a question needs: a clock, and a way to the cluster. */
export type Asker = Pick<FilterContext, "call" | "clock">;

/** A whole answer. */
export interface ClusterAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array;
  /** Null where it has none. */
  readonly trailers: Fields | null;
}

/** Why there is none: a fault's code (`HDL_…`), "timeout", "too-large", or "aborted". */
export interface AskFailure {
  readonly failure: string;
}

export interface AskOptions {
  readonly timeoutMs: number;
  /** Octets of the answer's body; more of them is a failure. */
  readonly maxBytes: number;
  /** Gives up when it fires; null: the question is nobody's alone. */
  readonly signal: AbortSignal | null;
}

/**
 * Sends `head` with `body` to a cluster. The head is given away; its length is set here. Resolves in every case, once:
 * whoever asks decides what a failure means.
 */
export function askCluster(
  context: Asker,
  cluster: string,
  head: RequestHead,
  body: Uint8Array | null,
  options: AskOptions,
): Promise<ClusterAnswer | AskFailure> {
  return new Promise((resolve) => new Question(resolve, options).send(context, cluster, head, body));
}

/** waiting ─(head, body, trailers)─► waiting ─(end | fault | too late | too much | aborted)─► over: resolved, once */
class Question implements SideCallEvents {
  private readonly resolve: (outcome: ClusterAnswer | AskFailure) => void;
  private readonly options: AskOptions;
  private readonly chunks: Uint8Array[] = [];
  private byteLength = 0;
  private head: ResponseHead | null = null;
  private trailers: Fields | null = null;
  private call: SideCall | null = null;
  private timer: ClockTimer | null = null;
  private isOver = false;
  private readonly giveUp = (): void => this.stop("aborted");

  constructor(resolve: (outcome: ClusterAnswer | AskFailure) => void, options: AskOptions) {
    this.resolve = resolve;
    this.options = options;
  }

  send(context: Asker, cluster: string, head: RequestHead, body: Uint8Array | null): void {
    const { signal, timeoutMs } = this.options;
    if (signal?.aborted === true) {
      this.settle({ failure: "aborted" });
      return;
    }
    const length = body === null ? 0 : body.length;
    head.bodyLength = length;
    if (length > 0) head.fields.set("content-length", String(length));
    this.timer = context.clock.after(timeoutMs, () => this.stop("timeout"));
    signal?.addEventListener("abort", this.giveUp);
    const call = context.call(cluster, head, this);
    // Without an endpoint it has ended by now.
    if (this.isOver) return;
    this.call = call;
    if (length === 0) return;
    call.writeBody(body!);
    call.writeEnd();
  }

  onHead(head: ResponseHead): void {
    this.head = head;
  }

  onBody(chunk: Uint8Array): void {
    if (this.isOver) return;
    this.byteLength += chunk.length;
    if (this.byteLength > this.options.maxBytes) this.stop("too-large");
    else this.chunks.push(copyBytes(chunk));
  }

  onTrailers(trailers: Fields): void {
    this.trailers = trailers;
  }

  onEnd(fault: string | undefined): void {
    if (fault !== undefined || this.head === null) {
      this.settle({ failure: fault ?? "HDL_INTERNAL" });
      return;
    }
    const { status, fields } = this.head;
    const body = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.settle({ status, fields, body, trailers: this.trailers });
  }

  private stop(failure: string): void {
    if (this.isOver) return;
    this.settle({ failure });
    this.call?.abort();
  }

  private settle(outcome: ClusterAnswer | AskFailure): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.cancel();
    this.options.signal?.removeEventListener("abort", this.giveUp);
    this.resolve(outcome);
  }
}
