import type { ClockTimer } from "@heddle/engine/base";
import { REFUSED } from "@heddle/engine/filter";
import type { FilterContext } from "@heddle/engine/filter";
import { Exchange, Fields, IN_PROCESS_PEER, RequestHead } from "@heddle/engine/message";
import { askCluster, type Asker, type AskFailure, type ClusterAnswer } from "../ask-cluster/index.ts";
import type { RecorderConfig } from "./config.ts";
import type { Room } from "./room.ts";

/** Of one batch. */
const MAX_BATCH_BYTES = 1_048_576;

/** Of an answer, which nobody reads. */
const MAX_ANSWER_BYTES = 65_536;

/** Batches are requests of no route. */
const NO_MATCH = { listener: "", listenerIndex: -1, route: "", rule: "", routeIndex: -1 };

/**
 * Records that wait for the recorder. One batch is under way at a time; what does not fit meanwhile is dropped.
 *
 *   idle ─(a record)─► waiting ─(enough, or the interval)─► sending ─(answer or failure)─► idle or waiting
 */
export class Outbox {
  private readonly config: RecorderConfig;
  private readonly context: FilterContext;
  private readonly room: Room;
  private lines: Buffer[] = [];
  private timer: ClockTimer | null = null;
  private isSending = false;

  constructor(config: RecorderConfig, context: FilterContext, room: Room) {
    this.config = config;
    this.context = context;
    this.room = room;
  }

  add(line: string): void {
    const bytes = Buffer.from(line);
    if (!this.room.take(bytes.length)) {
      this.context.count("dropped");
      return;
    }
    this.lines.push(bytes);
    this.context.count("recorded");
    this.schedule();
  }

  private schedule(): void {
    if (this.isSending || this.lines.length === 0) return;
    if (this.lines.length >= this.config.maxBatchRecords) {
      this.send();
      return;
    }
    this.timer ??= this.context.clock.after(this.config.intervalMs, () => this.send());
  }

  private send(): void {
    this.timer?.cancel();
    this.timer = null;
    const batch = this.takeBatch();
    this.isSending = true;
    void this.ask(batch).then((answer) => {
      this.isSending = false;
      this.room.give(batch.length);
      this.context.count(outcomeOf(answer));
      this.schedule();
    });
  }

  private takeBatch(): Buffer {
    let count = 0;
    let bytes = 0;
    for (const line of this.lines) {
      if (count > 0 && (count === this.config.maxBatchRecords || bytes + line.length > MAX_BATCH_BYTES))
        break;
      bytes += line.length;
      count++;
    }
    return Buffer.concat(this.lines.splice(0, count));
  }

  private async ask(batch: Buffer): Promise<ClusterAnswer | AskFailure> {
    const { authority, path, cluster, timeoutMs } = this.config;
    const fields = Fields.of([["content-type", "application/x-ndjson"]]);
    const head = new RequestHead("POST", "http", authority, path, "", fields);
    try {
      const options = { timeoutMs, maxBytes: MAX_ANSWER_BYTES, signal: null };
      return await askCluster(asGuarded(this.context), cluster, head, batch, options);
    } catch {
      return { failure: "HDL_INTERNAL" };
    }
  }
}

function outcomeOf(answer: ClusterAnswer | AskFailure): "sent" | "failed" | "refused" {
  if ("failure" in answer) return answer.failure === REFUSED ? "refused" : "failed";
  return answer.status < 300 ? "sent" : "failed";
}

/** A batch is of many clients, so it is nobody's: what guards the recorder sees a request of this process. */
function asGuarded(context: FilterContext): Asker {
  const { clock } = context;
  return {
    clock,
    call: (cluster, head, events) =>
      context.copy(cluster, new Exchange(head, IN_PROCESS_PEER, NO_MATCH, clock.now()), events),
  };
}
