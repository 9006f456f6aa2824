import { canPassDescriptors, type DescriptorChannel, type PassedDescriptor } from "@heddle/engine/net";
import type { ListenerSockets } from "@heddle/engine/runtime";
import type { AppliedConfiguration } from "../configuration/configuration.ts";
import { connectToRunning } from "./control-socket.ts";
import { apiSocket, hear, say, type OfferedSockets, type RunningProcess } from "./hand-over-messages.ts";
import { newProblems } from "../report/problem-places.ts";
import { formatProblem } from "../report/reported-problem.ts";

interface Received extends Omit<OfferedSockets, "count"> {
  readonly passed: readonly PassedDescriptor[];
}

/** So many errors are told. */
const MAX_TOLD = 5;

/**
 * The new process's side of a hot upgrade: holds the listening sockets of the running one, and takes over when this one
 * is ready. Until then nothing has changed for the running one, whatever becomes of this one.
 */
export class TakeOver {
  readonly running: RunningProcess;
  private readonly channel: DescriptorChannel;
  private readonly api: string;
  private readonly sockets: readonly Received[];
  private readonly problems: readonly string[];

  private constructor(
    running: RunningProcess,
    channel: DescriptorChannel,
    offer: { readonly api: string; readonly problems: readonly string[] },
    sockets: readonly Received[],
  ) {
    this.running = running;
    this.channel = channel;
    this.api = offer.api;
    this.problems = offer.problems;
    this.sockets = sockets;
  }

  /**
   * Finds the heddle that runs with this state folder; null where none does. Throws Error where there are several, or
   * it refuses.
   */
  static async find(stateFolder: string, self: RunningProcess): Promise<TakeOver | null> {
    if (!canPassDescriptors)
      throw new Error(
        `Node ${process.versions.node} cannot take over listening sockets, Node 26 can; stop the running heddle and start without --replace`,
      );
    const channels = await connectToRunning(stateFolder);
    const found: { channel: DescriptorChannel; running: RunningProcess }[] = [];
    for (const channel of channels) {
      const running = await hear(channel, ["running"]).catch(() => null);
      if (running === null) channel.close();
      else found.push({ channel, running: { pid: running.pid, version: running.version } });
    }
    const [only, ...others] = found;
    if (only === undefined) return null;
    if (others.length === 0) return TakeOver.begin(only.channel, only.running, self);
    for (const { channel } of found) channel.close();
    const pids = found.map(({ running }) => running.pid).join(", ");
    throw new Error(
      `several heddles run with the state folder ${stateFolder} (pids ${pids}), and any could be meant; end all but one, and give each its own --state`,
    );
  }

  private static async begin(
    channel: DescriptorChannel,
    running: RunningProcess,
    self: RunningProcess,
  ): Promise<TakeOver> {
    try {
      say(channel, { kind: "hello", pid: self.pid, version: self.version });
      const offer = await hear(channel, ["offer"]);
      const sockets: Received[] = [];
      for (const { name, kind, count } of offer.sockets) {
        const passed: PassedDescriptor[] = [];
        for (let at = 0; at < count; at++) {
          say(channel, { kind: "give" });
          const given = await hear(channel, ["given"]);
          if (given.passed === null) throw new Error(`the socket of ${name} did not come`);
          passed.push(given.passed);
        }
        sockets.push({ name, kind, passed });
      }
      return new TakeOver(running, channel, offer, sockets);
    } catch (error) {
      channel.close();
      throw cannotTakeOver(running, error as Error);
    }
  }

  /** For the data plane. */
  get adopted(): ListenerSockets[] {
    return this.sockets
      .filter(({ name }) => name !== apiSocket)
      .map(({ name, kind, passed }) => ({
        name,
        kind,
        descriptors: passed.map(({ descriptor }) => descriptor),
      }));
  }

  /** The socket of the API, where that is on the same address; null where it is to be bound. */
  apiDescriptor(address: string): number | null {
    if (address !== this.api) return null;
    return this.sockets.find(({ name }) => name === apiSocket)?.passed[0]?.descriptor ?? null;
  }

  /**
   * Closes what this one has no listener for, so that nobody waits there for an answer. Throws Error where this
   * configuration has errors that the running one's has not.
   */
  check(applied: AppliedConfiguration, api: string): void {
    const problems = newProblems(applied.problems, this.problems);
    if (problems.length > 0) {
      const told = problems.slice(0, MAX_TOLD).map((problem) => `\n  ${formatProblem(problem)}`);
      const more = problems.length > MAX_TOLD ? `\n  and ${problems.length - MAX_TOLD} more` : "";
      throw new Error(`the configuration has errors that the running one has not:${told.join("")}${more}`);
    }
    const names = new Set(applied.listeners.map(({ name }) => name));
    if (api === this.api) names.add(apiSocket);
    for (const { name, passed } of this.sockets) if (!names.has(name)) for (const one of passed) one.close();
  }

  /** This one is ready: from here on it serves, and the other drains. Throws Error where the other is not there any more. */
  async take(): Promise<void> {
    try {
      say(this.channel, { kind: "ready" });
      await hear(this.channel, ["go-on"]);
      say(this.channel, { kind: "take" });
    } catch (error) {
      throw cannotTakeOver(this.running, error as Error);
    }
  }

  /** After `take`: resolves when the other writes its state no more. One that does not say so in time never will. */
  async released(): Promise<void> {
    await hear(this.channel, ["released"]).catch(() => {});
    this.channel.close();
  }

  /** Tells the other why it is to go on. */
  abandon(reason: string): void {
    say(this.channel, { kind: "failed", reason });
    this.channel.close();
  }
}

function cannotTakeOver({ pid, version }: RunningProcess, error: Error): Error {
  return new Error(`cannot take over from heddle ${version} (pid ${pid}): ${error.message}`);
}
