import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Place } from "./network.ts";
import type { Order } from "./origin.ts";

const program = join(import.meta.dirname, "origin.ts");
const well: Order = { manner: "well", delayMs: 0, closeIdleEveryMs: 0 };
const living = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL"); // a stopped one would not see that its input has ended
});

/** An origin as its tormentor holds it. */
export class Origin {
  readonly place: Place;
  private readonly file: string;
  private child: ChildProcess | null = null;
  /** Requests that it had under the order before the last one, health checks apart. */
  handled = 0;

  constructor(place: Place, file: string) {
    this.place = place;
    this.file = file;
  }

  get name(): string {
    return `${this.place.address}:${this.place.port}`;
  }

  async start(): Promise<void> {
    const { prefix, address, port } = this.place;
    const [command = "", ...args] = [...prefix, process.execPath, program, address, String(port), this.file];
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    living.add(child);
    child.once("exit", () => living.delete(child));
    child.stdin.on("error", () => {}); // killed
    const isUp = await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => null)]);
    if (isUp === null) throw new Error(`the origin at ${this.name} ended at its start`);
    this.child = child;
  }

  /** With -9: no connection is closed in order. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** The process stands still; its kernel goes on taking connections and octets. */
  pause(): void {
    this.child?.kill("SIGSTOP");
  }

  resume(): void {
    this.child?.kill("SIGCONT");
  }

  async tell(order: Partial<Order>): Promise<void> {
    const { child } = this;
    if (child === null) throw new Error(`no origin at ${this.name}`);
    const answer = once(child.stdout!, "data");
    child.stdin!.write(`${JSON.stringify({ ...well, ...order })}\n`);
    this.handled = Number(String((await answer)[0]));
  }
}
