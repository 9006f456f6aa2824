import { fieldsMistake, wholeResponseMistake } from "../message/index.ts";
import type { Fields, ResponseHead } from "../message/index.ts";
import { PassingSink } from "./passing-sink.ts";

/** A sink that throws TypeError for what no encoder could write, before any of it is written. */
export class CheckedSink extends PassingSink {
  override writeInformational(head: ResponseHead): void {
    refuse(wholeResponseMistake(head));
    super.writeInformational(head);
  }

  override writeHead(head: ResponseHead, isLast: boolean): void {
    refuse(wholeResponseMistake(head));
    super.writeHead(head, isLast);
  }

  override writeEnd(trailers: Fields | null): void {
    if (trailers !== null) refuse(fieldsMistake(trailers));
    super.writeEnd(trailers);
  }
}

export function refuse(mistake: string | null): void {
  if (mistake !== null) throw new TypeError(`a filter ${mistake}`);
}
