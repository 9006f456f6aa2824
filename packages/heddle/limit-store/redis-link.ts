import type { Clock, ClockTimer } from "@heddle/engine/base";
import type { StoreCredentials } from "@heddle/filters";
import { RedisConnection } from "./redis-connection.ts";
import type { OnReply } from "./redis-connection.ts";
import type { RedisAddress } from "./redis-address.ts";
import { ReplyError } from "./resp-reader.ts";
import type { Reply } from "./resp-reader.ts";

const CONNECT_MS = 2_000;
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;

/**
 * Keeps a connection to a server that is ready for the script, and makes another one when it is lost.
 *
 *   first ─┐ connected, let in, script known
 *   away ──┴─────────────────────────────────► ready
 *     ▲       lost, or `giveUp`                  │
 *     └──────── a pause, twice as long each ─────┘
 *
 * While it is `away` nothing is sent: whoever asks is told at once. What tries it out is the link's own greeting, never
 * a request. `first` is before it is known whether there is anybody: commands wait.
 */
export class RedisLink {
  private readonly address: RedisAddress;
  private readonly credentials: () => StoreCredentials;
  private readonly script: string;
  private readonly clock: Clock;
  private state: "first" | "away" | "ready" = "first";
  private connection: RedisConnection | null = null;
  private greetingEnd: ClockTimer | null = null;
  private pauseMs = MIN_PAUSE_MS;
  /** Of the script, as the server names it. */
  private digest = "";
  /** What waits for the first connection. */
  private queue: [words: readonly (string | number)[], onReply: OnReply][] = [];

  constructor(address: RedisAddress, credentials: () => StoreCredentials, script: string, clock: Clock) {
    this.address = address;
    this.credentials = credentials;
    this.script = script;
    this.clock = clock;
    this.connect();
  }

  get isAway(): boolean {
    return this.state === "away";
  }

  /** Runs the script; null when the server is away, or goes before it answers. */
  run(words: readonly (string | number)[], onReply: OnReply): void {
    if (this.state === "ready") this.connection!.send(["EVALSHA", this.digest, ...words], onReply);
    else if (this.state === "first") this.queue.push([words, onReply]);
    else onReply(null);
  }

  /** The server does not answer, or not as it should: nobody waits for it until it has shown that it is there again. */
  giveUp(): void {
    this.connection?.close();
  }

  private connect(): void {
    const connection: RedisConnection = new RedisConnection(
      this.address,
      this.credentials(),
      () => this.greet(connection),
      () => this.lost(),
    );
    this.connection = connection;
    this.greetingEnd = this.clock.after(CONNECT_MS, () => connection.close());
  }

  private greet(connection: RedisConnection): void {
    const { username, password } = this.credentials();
    const mustBeGood: OnReply = (reply) => {
      if (reply instanceof ReplyError) connection.close();
    };
    if (password !== undefined)
      connection.send(username === undefined ? ["AUTH", password] : ["AUTH", username, password], mustBeGood);
    if (this.address.database !== 0) connection.send(["SELECT", this.address.database], mustBeGood);
    connection.send(["SCRIPT", "LOAD", this.script], (reply) => this.greeted(connection, reply));
  }

  private greeted(connection: RedisConnection, reply: Reply | null): void {
    // What says OK to everything is no Redis.
    if (typeof reply !== "string" || !/^[0-9a-f]{40}$/.test(reply)) {
      connection.close();
      return;
    }
    this.greetingEnd?.cancel();
    this.digest = reply;
    this.pauseMs = MIN_PAUSE_MS;
    this.state = "ready";
    for (const [words, onReply] of this.queue.splice(0)) this.run(words, onReply);
  }

  private lost(): void {
    this.greetingEnd?.cancel();
    this.connection = null;
    this.state = "away";
    for (const [, onReply] of this.queue.splice(0)) onReply(null);
    this.clock.after(this.pauseMs, () => this.connect());
    this.pauseMs = Math.min(MAX_PAUSE_MS, this.pauseMs * 2);
  }
}
