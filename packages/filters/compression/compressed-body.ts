import type { Clock, ClockTimer } from "@heddle/engine/base";
import type { BodyOutput } from "@heddle/engine/filter";
import { CodedBody, encoderOf, flushKind } from "../content-coding/index.ts";
import type { Coding } from "../content-coding/index.ts";

/** What has waited for more of the body for so long goes out: a page that comes in parts is seen in parts. */
const FLUSH_MS = 20;

/** A response's body on its way through an encoder. `flushes`: it may pause for as long as it likes before its end. */
export class CompressedBody extends CodedBody {
  private readonly coding: Coding;
  private readonly clock: Clock | null;
  private timer: ClockTimer | null = null;

  constructor(coding: Coding, output: BodyOutput, clock: Clock, flushes: boolean) {
    super(encoderOf(coding), output);
    this.coding = coding;
    this.clock = flushes ? clock : null;
  }

  override write(bytes: Uint8Array): boolean {
    if (this.clock !== null && this.timer === null)
      this.timer = this.clock.after(FLUSH_MS, () => this.flush());
    return super.write(bytes);
  }

  private flush(): void {
    this.timer = null;
    this.stream.flush(flushKind(this.coding), () => {});
  }

  override end(): void {
    this.timer?.cancel();
    super.end();
  }

  override close(): void {
    this.timer?.cancel();
    super.close();
  }
}
