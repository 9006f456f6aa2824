import type { BodyOutput, Reply, StreamBody } from "@heddle/engine/filter";
import { CodedBody, decoderOf } from "../content-coding/index.ts";
import type { Coding } from "../content-coding/index.ts";
import type { DecompressionConfig } from "./config.ts";

/** So much may come of next to nothing: the ratio of short bodies says little. */
const RATIO_FLOOR = 65_536;

/** Why a body is not passed on. */
export type Refusal = "too-large" | "ratio" | "malformed";

/**
 * The body phase of a filter that leaves the coding of a body in `slot` when it sees the head; where it leaves nothing, the
 * body passes. `onRefused` makes the answer in place of a body that cannot be passed on.
 */
export function decompressedBody(
  slot: number,
  config: DecompressionConfig,
  onRefused: (refusal: Refusal) => Reply,
): StreamBody {
  return {
    mode: "stream",
    concerns: ({ slots }) => slots![slot] !== undefined,
    open: ({ slots }, output) => new DecompressedBody(slots![slot] as Coding, output, config, onRefused),
  };
}

/**
 * A body on its way through a decoder, up to bounds that are looked at with each 16 KiB that come out: a bomb goes off
 * in a bucket (threats 26).
 */
class DecompressedBody extends CodedBody {
  private readonly config: DecompressionConfig;
  private readonly onRefused: (refusal: Refusal) => Reply;
  private bytesIn = 0;
  private bytesOut = 0;
  private isRefused = false;

  constructor(
    coding: Coding,
    output: BodyOutput,
    config: DecompressionConfig,
    onRefused: (refusal: Refusal) => Reply,
  ) {
    super(decoderOf(coding), output);
    this.config = config;
    this.onRefused = onRefused;
  }

  override write(bytes: Uint8Array): boolean {
    this.bytesIn += bytes.length;
    return super.write(bytes);
  }

  override end(): void {
    // The decoder takes no octets at all for a whole body; it is none of any coding.
    if (this.bytesIn === 0) this.refuse("malformed");
    else super.end();
  }

  protected override out(bytes: Uint8Array): void {
    if (this.isRefused) return;
    this.bytesOut += bytes.length;
    const { maxBytes, maxRatio } = this.config;
    if (this.bytesOut > maxBytes) this.refuse("too-large");
    else if (this.bytesOut > RATIO_FLOOR && this.bytesOut > this.bytesIn * maxRatio) this.refuse("ratio");
    else super.out(bytes);
  }

  protected override failed(): void {
    this.refuse("malformed");
  }

  private refuse(refusal: Refusal): void {
    if (this.isRefused) return;
    this.isRefused = true;
    this.output.reply(this.onRefused(refusal));
    this.close();
  }
}
