import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { Fields, RequestHead } from "../message/index.ts";
import type { ResponseHead, UpstreamEvents, UpstreamStream } from "../message/index.ts";
import type { HttpHealthSpec } from "../model/index.ts";
import type { HealthAsker, HealthQuestion } from "./health-question.ts";

/** Octets of a body that are looked at: more is no health page. */
const MAX_BODY_BYTES = 65_536;

/**
 * A GET whose answer has an expected status and, where one is asked for, a text in its body. An answer that is cut
 * short is none.
 */
export class HttpQuestion implements HealthQuestion, UpstreamEvents {
  private readonly spec: HttpHealthSpec;
  private readonly asker: HealthAsker;
  private stream: UpstreamStream | null = null;
  private usedStale = false;
  private body: Buffer[] = [];
  private bodyBytes = 0;

  constructor(spec: HttpHealthSpec, asker: HealthAsker) {
    this.spec = spec;
    this.asker = asker;
  }

  ask(): void {
    this.usedStale = false;
    this.send(false);
  }

  giveUp(fault: Fault): void {
    const { stream } = this;
    this.stream = null;
    stream?.reset(fault);
  }

  private send(isFresh: boolean): void {
    const { spec, asker } = this;
    this.body = [];
    this.bodyBytes = 0;
    const authority = spec.host === "" ? asker.authority : spec.host;
    const [path, query] = splitPath(spec.path);
    const head = new RequestHead("GET", "http", authority, path, query, Fields.of(spec.headers));
    const opened = asker.open(head, true, isFresh, this);
    if ("code" in opened) {
      asker.onAnswer(false);
      return;
    }
    this.stream = opened;
    opened.flush();
  }

  private answer(isGood: boolean): void {
    this.stream = null;
    this.body = [];
    this.asker.onAnswer(isGood);
  }

  /** What follows is of no interest: the connection is not worth reading it. */
  private cut(isGood: boolean): void {
    this.stream?.reset(makeFault("HDL_UPSTREAM_STATUS", "the rest of a health check's answer is not read"));
    this.answer(isGood);
  }

  // UpstreamEvents

  onInformational(): void {}

  onResponseHead({ status }: ResponseHead, isLast: boolean): void {
    const isGood = this.spec.statuses.some(([from, to]) => status >= from && status <= to);
    if (!isGood && !isLast) this.cut(false);
    else if (isLast) this.answer(isGood && this.spec.body === "");
  }

  onResponseBody(chunk: Uint8Array): void {
    if (this.stream === null) return;
    this.bodyBytes += chunk.length;
    if (this.bodyBytes > MAX_BODY_BYTES) this.cut(this.spec.body === "" || this.hasText());
    else if (this.spec.body !== "") this.body.push(Buffer.from(chunk));
  }

  onResponseEnd(): void {
    if (this.stream !== null) this.answer(this.spec.body === "" || this.hasText());
  }

  private hasText(): boolean {
    return Buffer.concat(this.body).includes(this.spec.body);
  }

  onResponseReadDone(): void {}

  onUpstreamDrain(): void {}

  onUpstreamReset(fault: Fault): void {
    if (fault.code === "HDL_UPSTREAM_STALE" && !this.usedStale) {
      this.usedStale = true;
      this.send(true);
      return;
    }
    this.answer(false);
  }
}

function splitPath(whole: string): [path: string, query: string] {
  const at = whole.indexOf("?");
  return at === -1 ? [whole, ""] : [whole.slice(0, at), whole.slice(at)];
}
