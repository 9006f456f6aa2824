import type { Exchange } from "@heddle/engine/message";
import type { RecordingSink } from "./recording-sink.ts";
import { namedValues } from "./scripted-backend.ts";

/** What the client of a tested filter got. */
export class FilterResponse {
  readonly status: number;
  /** Lower-case names; values of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The response was cut short: a client would not take it for a whole one. */
  readonly isBroken: boolean;
  /** The code of what went wrong, `HDL_FILTER_FAILED` where a filter threw; "" where nothing did. */
  readonly fault: string;
  /** What the filter threw; undefined where it did not. */
  readonly error: unknown;

  constructor(sink: RecordingSink, exchange: Exchange) {
    this.status = sink.head?.status ?? 0;
    this.headers = sink.head === null ? {} : namedValues(sink.head.fields);
    this.trailers = sink.trailers === null ? {} : namedValues(sink.trailers);
    this.body = Buffer.concat(sink.chunks);
    this.isBroken = sink.fault !== null;
    const fault = exchange.fault ?? sink.fault;
    this.fault = fault?.code ?? "";
    this.error = fault?.cause;
  }

  text(): string {
    return Buffer.from(this.body).toString();
  }

  json(): unknown {
    return JSON.parse(this.text());
  }
}
