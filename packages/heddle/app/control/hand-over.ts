import { canPassDescriptors, type DescriptorChannel, type LentDescriptor } from "@heddle/engine/net";
import type { Engine, ListenerSockets, Log } from "@heddle/engine/runtime";
import { isPurgeRequest, type PurgeRequest } from "./cache-purges.ts";
import { openControlSocket, type ControlSocket } from "./control-socket.ts";
import {
  apiSocket,
  hear,
  say,
  START_MS,
  type OfferedSockets,
  type RunningProcess,
} from "./hand-over-messages.ts";

/** The running process, as it hands itself over. */
export interface HandOverHost {
  readonly self: RunningProcess;
  readonly stateFolder: string;
  readonly api: { readonly address: string; readonly descriptor: number };
  readonly engine: Pick<Engine, "lendSockets">;
  readonly log: Log;
  /** Has caches purged; resolves when that is in force, to why it is not otherwise. */
  purge(request: PurgeRequest): Promise<string | null>;
  /** Where the errors of the configuration in force are. */
  problems(): readonly string[];
  /** Told to end: there is nothing to hand over any more. */
  isEnding(): boolean;
  /** Gives up everything of which there can be one alone, and resolves when it has. The drain is next. */
  leave(): Promise<void>;
}

/**
 * The running process's side: hands over to one new process at a time. Whatever goes wrong there, this one goes on as
 * before.
 */
export class HandOver {
  private readonly host: HandOverHost;
  private readonly over = Promise.withResolvers<RunningProcess>();
  private control: ControlSocket | null = null;
  private isBusy = false;
  private isClosed = false;

  constructor(host: HandOverHost) {
    this.host = host;
  }

  /** Resolves when a new process has taken over. */
  get done(): Promise<RunningProcess> {
    return this.over.promise;
  }

  /** Can be found from here on. Never rejects: one that cannot be replaced runs all the same. */
  async open(): Promise<void> {
    const { stateFolder, log } = this.host;
    if (this.isClosed || !canPassDescriptors) return;
    try {
      this.control = await openControlSocket(stateFolder, (channel) => void this.serve(channel));
    } catch (error) {
      log("warn", `this heddle cannot be replaced while it runs: ${(error as Error).message}`);
    }
    if (this.isClosed) this.control?.close();
  }

  close(): void {
    this.isClosed = true;
    this.control?.close();
    this.control = null;
  }

  /** Never rejects. */
  private async serve(channel: DescriptorChannel): Promise<void> {
    const { self, log } = this.host;
    let successor: RunningProcess | null = null;
    try {
      say(channel, { kind: "running", ...self });
      const told = await hear(channel, ["hello", "purge"]);
      if (told.kind === "purge") {
        await this.purge(channel, told);
      } else {
        successor = { pid: told.pid, version: told.version };
        await this.handOverTo(channel, successor);
      }
    } catch (error) {
      // Who only looked who runs here has said nothing.
      if (successor !== null) {
        const { pid, version } = successor;
        log(
          "warn",
          `heddle ${version} (pid ${pid}) does not take over: ${(error as Error).message}; this one goes on`,
        );
      }
    }
    channel.close();
  }

  private async purge(channel: DescriptorChannel, request: PurgeRequest): Promise<void> {
    const reason = isPurgeRequest(request) ? await this.host.purge(request) : "it is no purge";
    if (reason === null) say(channel, { kind: "purged" });
    else say(channel, { kind: "refused", reason: `heddle (pid ${this.host.self.pid}): ${reason}` });
  }

  private async handOverTo(channel: DescriptorChannel, successor: RunningProcess): Promise<void> {
    const { host } = this;
    if (this.isBusy || host.isEnding()) {
      const reason = this.isBusy ? "another one is taking over already" : "it is ending";
      say(channel, { kind: "refused", reason: `heddle (pid ${host.self.pid}) refuses: ${reason}` });
      throw new Error(reason);
    }
    this.isBusy = true;
    try {
      await host.engine.lendSockets((listeners) => this.give(channel, listeners));
      const answer = await hear(channel, ["ready", "failed"], START_MS);
      if (answer.kind === "failed") throw new Error(answer.reason);
      if (host.isEnding()) {
        say(channel, { kind: "refused", reason: `heddle (pid ${host.self.pid}) has been told to end` });
        throw new Error("this one has been told to end");
      }
      say(channel, { kind: "go-on" });
      await hear(channel, ["take"]);
    } finally {
      this.isBusy = false;
    }
    await host.leave();
    say(channel, { kind: "released" });
    this.over.resolve(successor);
  }

  private async give(channel: DescriptorChannel, listeners: readonly ListenerSockets[]): Promise<void> {
    const { api } = this.host;
    const own: ListenerSockets = { name: apiSocket, kind: "tcp", descriptors: [api.descriptor] };
    const sockets = [...listeners, own];
    const offered: OfferedSockets[] = sockets.map(({ name, kind, descriptors }) => ({
      name,
      kind,
      count: descriptors.length,
    }));
    say(channel, { kind: "offer", api: api.address, sockets: offered, problems: this.host.problems() });
    for (const lent of sockets.flatMap(lentOf)) {
      await hear(channel, ["give"]);
      if (!say(channel, { kind: "given" }, lent)) throw new Error("a listening socket cannot be passed");
    }
  }
}

const lentOf = ({ kind, descriptors }: ListenerSockets): LentDescriptor[] =>
  descriptors.map((descriptor) => ({ kind, descriptor }));
