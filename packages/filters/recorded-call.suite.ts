import type { SideCall, SideCallEvents } from "@heddle/engine/filter";
import type { RequestHead } from "@heddle/engine/message";

/** A side call that goes nowhere: what was written waits until the test says that it was sent. */
export class RecordedCall implements SideCall {
  readonly cluster: string;
  readonly request: RequestHead;
  readonly events: SideCallEvents;
  body = "";
  state: "writing" | "whole" | "aborted" = "writing";
  pendingBytes = 0;

  constructor(cluster: string, request: RequestHead, events: SideCallEvents) {
    this.cluster = cluster;
    this.request = request;
    this.events = events;
  }
  writeBody(chunk: Uint8Array): void {
    if (this.state !== "writing") throw new Error(`body written after the call was ${this.state}`);
    this.body += Buffer.from(chunk).toString("latin1");
    this.pendingBytes += chunk.length;
  }
  writeEnd(): void {
    if (this.state !== "writing") throw new Error(`end written after the call was ${this.state}`);
    this.state = "whole";
  }
  abort(): void {
    this.state = "aborted";
  }
}
