import type { Clock, ClockTimer } from "@heddle/engine/base";
import type { DataRef } from "@heddle/engine/filter";
import type { LimitStore, StoreAnswer, StoreQuestion } from "@heddle/filters";
import { encodeGroup, MAX_LIMITS_PER_CALL, readAnswers } from "./limit-script.ts";
import type { LimitGroup } from "./limit-script.ts";
import type { RedisLink } from "./redis-link.ts";
import { ReplyError } from "./resp-reader.ts";
import type { Reply } from "./resp-reader.ts";

const AWAY: Promise<null> = Promise.resolve(null);

interface Asked {
  readonly group: LimitGroup;
  /** Null: nobody waits. */
  readonly answer: ((answers: readonly StoreAnswer[] | null) => void) | null;
}

/**
 * Counts in Redis or Valkey: the questions of one turn of the event loop are one call of the script, each exchange's in
 * one step. When a call takes too long all of it is answered with null, and the link is given up, so that the requests
 * that come next do not wait.
 */
export class RedisStore implements LimitStore {
  private readonly link: RedisLink;
  private readonly credentials: DataRef | null;
  private readonly timeoutMs: number;
  private readonly clock: Clock;
  private asked: Asked[] = [];
  private version: number;

  constructor(link: RedisLink, credentials: DataRef | null, timeoutMs: number, clock: Clock) {
    this.link = link;
    this.credentials = credentials;
    this.timeoutMs = timeoutMs;
    this.clock = clock;
    this.version = credentials?.version ?? 0;
  }

  take(questions: readonly StoreQuestion[]): Promise<readonly StoreAnswer[] | null> {
    this.followCredentials();
    if (this.link.isAway) return AWAY;
    return new Promise((answer) => this.add({ group: { questions, isSettled: false }, answer }));
  }

  settle(question: StoreQuestion): void {
    if (!this.link.isAway) this.add({ group: { questions: [question], isSettled: true }, answer: null });
  }

  /** Others than those that the link has: it makes itself known anew. */
  private followCredentials(): void {
    if (this.credentials === null || this.credentials.version === this.version) return;
    this.version = this.credentials.version;
    this.link.giveUp();
  }

  private add(asked: Asked): void {
    this.asked.push(asked);
    if (this.asked.length === 1) setImmediate(() => this.flush());
  }

  private flush(): void {
    const all = this.asked;
    this.asked = [];
    let call: Asked[] = [];
    let limits = 0;
    for (const asked of all) {
      call.push(asked);
      limits += asked.group.questions.length;
      if (limits < MAX_LIMITS_PER_CALL) continue;
      this.send(call);
      call = [];
      limits = 0;
    }
    if (call.length > 0) this.send(call);
  }

  private send(call: readonly Asked[]): void {
    const groups = call.map(({ group }) => group);
    let timer: ClockTimer | null = null;
    let isOver = false;
    const finish = (reply: Reply | null): void => {
      if (isOver) return;
      isOver = true;
      timer?.cancel();
      const answers = reply === null ? null : readAnswers(groups, reply);
      call.forEach(({ answer }, at) => answer?.(answers === null ? null : answers[at]));
      // It is there, and cannot do what it should: a replica, one that loads, one without memory or the script.
      if (reply instanceof ReplyError || (reply !== null && answers === null)) this.link.giveUp();
    };
    timer = this.clock.after(this.timeoutMs, () => {
      finish(null);
      this.link.giveUp();
    });
    this.link.run(encodeGroup(groups), finish);
  }
}
