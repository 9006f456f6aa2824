import { BroadcastChannel } from "node:worker_threads";
import type { HealthLedger, HealthVerdict } from "../cluster/index.ts";

type Message =
  | { readonly kind: "verdict"; readonly verdict: HealthVerdict }
  /** All that is known; what is not among them is healthy. */
  | { readonly kind: "all"; readonly verdicts: readonly HealthVerdict[] }
  /** A worker that knows nothing yet. */
  | { readonly kind: "hello" };

/**
 * Tells all workers what the one that asks endpoints finds out. Straight from thread to thread: neither a compile nor
 * anything else that main does holds it up.
 */
export class HealthChannel {
  private readonly ledger: HealthLedger;
  private readonly channel: BroadcastChannel;
  private readonly onLearnt: (verdict: HealthVerdict) => void;

  /** `name` is that of the engine's workers alone. `onLearnt` hears what other workers found out. */
  constructor(name: string, ledger: HealthLedger, onLearnt: (verdict: HealthVerdict) => void) {
    this.ledger = ledger;
    this.onLearnt = onLearnt;
    this.channel = new BroadcastChannel(name);
    this.channel.addEventListener("message", (event) => this.receive((event as { data: Message }).data));
    this.channel.unref();
    ledger.onTold = (verdict) => this.post({ kind: "verdict", verdict });
    if (!ledger.isChecker) this.post({ kind: "hello" });
  }

  /** What this worker knows, for those that missed something of the one before. */
  tellAll(): void {
    this.post({ kind: "all", verdicts: this.ledger.verdicts() });
  }

  close(): void {
    this.ledger.onTold = () => {};
    this.channel.close();
  }

  private post(message: Message): void {
    this.channel.postMessage(message);
  }

  private receive(message: Message): void {
    switch (message.kind) {
      case "verdict":
        this.learn(message.verdict);
        return;
      case "all": {
        const known = new Set(message.verdicts.map(keyOf));
        for (const old of this.ledger.verdicts()) {
          if (!known.has(keyOf(old))) this.learn({ ...old, isHealthy: true });
        }
        for (const verdict of message.verdicts) this.learn(verdict);
        return;
      }
      case "hello":
        if (this.ledger.isChecker) this.tellAll();
        return;
    }
  }

  private learn(verdict: HealthVerdict): void {
    if (this.ledger.learn(verdict)) this.onLearnt(verdict);
  }
}

const keyOf = ({ cluster, endpoint }: HealthVerdict): string => `${cluster}|${endpoint}`;
