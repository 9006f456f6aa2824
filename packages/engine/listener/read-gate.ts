import type { Connection } from "../net/index.ts";

/**
 * What comes of a client's octets, and when. It is shut while octets behind the current request wait for the response, and
 * the body's reader may hold it for reasons of its own: the connection reads on when neither is so.
 */
export class ReadGate {
  /** The next request's octets: one read's worth at most, since nothing more is read. */
  waiting: Buffer | null = null;
  isShut = false;
  isBodyPaused = false;
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Has octets wait. They are copied. */
  hold(bytes: Buffer, from: number, to: number): void {
    const rest = Buffer.from(bytes.subarray(from, to));
    this.waiting = this.waiting === null ? rest : Buffer.concat([this.waiting, rest]);
    this.shut();
  }

  /** What waits; it is the caller's then. */
  take(): Buffer | null {
    const { waiting } = this;
    this.waiting = null;
    return waiting;
  }

  shut(): void {
    if (this.isShut) return;
    this.isShut = true;
    this.connection.pauseReading();
  }

  open(): void {
    if (!this.isShut) return;
    this.isShut = false;
    if (!this.isBodyPaused) this.connection.resumeReading();
  }

  pauseBody(): void {
    this.isBodyPaused = true;
    if (!this.isShut) this.connection.pauseReading();
  }

  resumeBody(): void {
    this.isBodyPaused = false;
    if (!this.isShut) this.connection.resumeReading();
  }
}
