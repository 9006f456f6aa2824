import type { Fault } from "../base/index.ts";
import type { Fields, ResponseHead, ResponseSink } from "../message/index.ts";

/** A listener's codec that writes into a timeline, and notes what breaks the order that ResponseSink promises. */
export class ScriptedSink implements ResponseSink {
  private readonly log: string[];
  private state: "head" | "body" | "half" | "over" = "head";
  head: ResponseHead | null = null;
  body = "";
  trailers: Fields | null = null;
  fault: Fault | null = null;
  isPaused = false;
  /** `flush` says that too much waits. */
  isFull = false;
  readonly violations: string[] = [];

  constructor(log: string[]) {
    this.log = log;
  }

  get isOver(): boolean {
    return this.state === "over";
  }

  private note(event: string, ...allowed: readonly string[]): void {
    this.log.push(`← ${event}`);
    if (!allowed.includes(this.state)) this.violations.push(`${event} in state ${this.state}`);
  }

  writeInformational(head: ResponseHead): void {
    this.note(String(head.status), "head");
  }
  writeHead(head: ResponseHead, isLast: boolean): void {
    this.note(`${head.status}${isLast ? " last" : ""}`, "head");
    this.head = head;
    this.state = isLast ? "over" : "body";
  }
  writeBody(chunk: Uint8Array): void {
    const text = Buffer.from(chunk).toString();
    this.note(`body ${text}`, "body");
    this.body += text;
  }
  writeEnd(trailers: Fields | null): void {
    this.note("end", "body");
    this.trailers = trailers;
    // The client's half of a tunnel goes on.
    this.state = this.head?.status === 101 ? "half" : "over";
  }
  flush(): boolean {
    return !this.isFull;
  }
  reset(fault: Fault): void {
    this.note(`reset ${fault.code}`, "head", "body", "half");
    this.fault = fault;
    this.state = "over";
  }
  pauseRequestBody(): void {
    this.note("pause", "head", "body", "half");
    this.isPaused = true;
  }
  resumeRequestBody(): void {
    this.note("resume", "head", "body", "half");
    this.isPaused = false;
  }
}
