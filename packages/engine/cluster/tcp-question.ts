import type { Fault } from "../base/index.ts";
import type { Connection, DialEvents, DialFailure } from "../net/index.ts";
import type { HealthAsker, HealthQuestion } from "./health-question.ts";

/** Whether a connection can be made, with TLS where the cluster has it. It is closed at once. */
export class TcpQuestion implements HealthQuestion {
  private readonly asker: HealthAsker;
  private attempt: Attempt | null = null;

  constructor(asker: HealthAsker) {
    this.asker = asker;
  }

  ask(): void {
    const attempt = new Attempt(this.asker);
    const opened = this.asker.connect(attempt);
    if ("code" in opened) {
      this.asker.onAnswer(opened.message);
      return;
    }
    attempt.connection = opened;
    this.attempt = attempt;
  }

  giveUp(_fault: Fault): void {
    const { attempt } = this;
    this.attempt = null;
    attempt?.leave();
  }
}

class Attempt implements DialEvents {
  private readonly asker: HealthAsker;
  private isAnswered = false;
  connection: Connection | null = null;

  constructor(asker: HealthAsker) {
    this.asker = asker;
  }

  leave(): void {
    this.isAnswered = true;
    this.connection?.destroy();
  }

  private answer(problem: string | null): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    this.asker.onAnswer(problem);
  }

  onOpen(): void {
    this.answer(null);
    this.connection?.destroy();
  }

  onDialFailed({ error }: DialFailure): void {
    this.answer(error.message);
  }

  onBytes(): void {}

  onEnd(): void {}

  onDrain(): void {}

  onClosed(): void {
    this.answer("the connection was closed");
    this.asker.closed();
  }
}
