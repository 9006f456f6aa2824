import { makeFault } from "../base/index.ts";
import type { Fault } from "../base/index.ts";
import type { ResponseHead } from "../message/index.ts";

/** A response that is kept until it is whole, since the route would rather try again than pass on half of it. */
export class HeldResponse {
  readonly head: ResponseHead;
  private readonly octets: Uint8Array;
  private length = 0;

  /** The length of its body is known. */
  constructor(head: ResponseHead) {
    this.head = head;
    this.octets = new Uint8Array(head.bodyLength);
  }

  /** Takes a copy: chunks are valid during the call only. */
  write(chunk: Uint8Array): void {
    this.octets.set(chunk, this.length);
    this.length += chunk.length;
  }

  get body(): Uint8Array {
    return this.octets.subarray(0, this.length);
  }

  /** What broke it off, as what it is now: nobody has seen anything of it. */
  static unseen(fault: Fault): Fault {
    if (fault.code !== "HDL_UPSTREAM_BODY_CUT_SHORT") return fault;
    return makeFault("HDL_UPSTREAM_RESET", `${fault.message} of which nothing was passed on`, fault.cause);
  }
}
