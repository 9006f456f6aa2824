import type { ConnectionEvents } from "./connection.ts";

/** Proxy of events while the owner is being made: the owner needs the connection and the other way round. */
export class LateEvents implements ConnectionEvents {
  target: ConnectionEvents | null = null;
  onBytes(bytes: Buffer, length: number): void {
    this.target?.onBytes(bytes, length);
  }
  onEnd(): void {
    this.target?.onEnd();
  }
  onDrain(): void {
    this.target?.onDrain();
  }
  onClosed(error: Error | null): void {
    this.target?.onClosed(error);
  }
}
