import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import { Fields, RequestHead } from "../message/index.ts";
import type { ResponseHead, UpstreamStream } from "../message/index.ts";
import type { HttpHealthSpec } from "../model/index.ts";
import { ExchangeQuestion } from "./exchange-question.ts";
import type { HealthAsker } from "./health-question.ts";

/** Octets of a body that are looked at: more is no health page. */
const MAX_BODY_BYTES = 65_536;

/**
 * A GET whose answer has an expected status and, where one is asked for, a text in its body. An answer that is cut
 * short is none.
 */
export class HttpQuestion extends ExchangeQuestion {
  private readonly spec: HttpHealthSpec;
  private body: Buffer[] = [];
  private bodyBytes = 0;

  constructor(spec: HttpHealthSpec, asker: HealthAsker) {
    super(asker);
    this.spec = spec;
  }

  protected override open(isFresh: boolean): UpstreamStream | Fault {
    const { spec, asker } = this;
    this.body = [];
    this.bodyBytes = 0;
    const authority = spec.host === "" ? asker.authority : spec.host;
    const [path, query] = splitPath(spec.path);
    const head = new RequestHead("GET", "http", authority, path, query, Fields.of(spec.headers));
    return asker.open(head, true, isFresh, this);
  }

  protected override answer(problem: string | null): void {
    this.body = [];
    super.answer(problem);
  }

  /** What follows is of no interest: the connection is not worth reading it. */
  private cut(problem: string | null): void {
    this.stream?.reset(makeFault("HDL_UPSTREAM_STATUS", "the rest of a health check's answer is not read"));
    this.answer(problem);
  }

  // UpstreamEvents

  onResponseHead({ status }: ResponseHead, isLast: boolean): void {
    const isGood = this.spec.statuses.some(([from, to]) => status >= from && status <= to);
    const problem = isGood ? null : `status ${status}`;
    if (isLast) this.answer(problem ?? this.findProblem());
    else if (problem !== null) this.cut(problem);
  }

  onResponseBody(chunk: Uint8Array): void {
    if (this.stream === null) return;
    if (this.spec.body !== "")
      this.body.push(Buffer.from(chunk.subarray(0, MAX_BODY_BYTES - this.bodyBytes)));
    this.bodyBytes += chunk.length;
    if (this.bodyBytes > MAX_BODY_BYTES) this.cut(this.findProblem());
  }

  onResponseEnd(): void {
    if (this.stream !== null) this.answer(this.findProblem());
  }

  /** With the body as it is by now. */
  private findProblem(): string | null {
    const { body } = this.spec;
    return body === "" || Buffer.concat(this.body).includes(body)
      ? null
      : `the body does not contain ${JSON.stringify(body)}`;
  }
}

function splitPath(whole: string): [path: string, query: string] {
  const at = whole.indexOf("?");
  return at === -1 ? [whole, ""] : [whole.slice(0, at), whole.slice(at)];
}
