import type { PipeOutput } from "./body-pipe.ts";
import { FrameLane } from "./frame-lane.ts";
import type { LaneHome } from "./frame-lane.ts";

/** From the endpoint to the client, in the place that body filters have for other responses. */
export class FramePipe extends FrameLane {
  readonly isFull = false;
  private readonly output: PipeOutput;

  constructor(home: LaneHome, output: PipeOutput) {
    super(home);
    this.output = output;
  }

  protected put(octets: Uint8Array): void {
    this.output.onChunk(octets);
  }

  write(chunk: Uint8Array): void {
    this.pass(chunk);
  }

  end(): void {
    if (!this.endLane()) return;
    this.output.onPipeEnd();
    this.noteEnd();
  }

  resume(): void {}

  stop(): void {}
}
