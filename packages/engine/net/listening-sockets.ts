import net from "node:net";
import { streamBinding } from "./stream-binding.ts";
import type { Accepted, TcpHandle } from "./tcp-handle.ts";
import { forgetDescriptor, rememberServer } from "./open-handles.ts";

export interface ListenPlace {
  readonly address: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly backlog: number;
  /** Sockets that listen there already, of a process that hands over: nothing is bound. [] binds. */
  readonly descriptors: readonly number[];
}

/** A queue that never empties is closed all the same. */
const MAX_EMPTYING_MS = 5_000;

/** The listening sockets of one address and port that this thread accepts from: one, or those that it was given. */
export class ListeningSockets {
  readonly port: number;
  readonly address: string;
  readonly descriptors: readonly number[];
  private readonly servers: readonly net.Server[];
  private readonly accepts: AcceptCount;

  private constructor(servers: readonly net.Server[], accepts: AcceptCount) {
    this.servers = servers;
    this.accepts = accepts;
    const { address, port } = servers[0].address() as net.AddressInfo;
    this.address = address;
    this.port = port;
    this.descriptors = servers.map(rememberServer);
  }

  /** Rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
  static async open(place: ListenPlace, accept: (accepted: Accepted) => void): Promise<ListeningSockets> {
    const { address, port, reusePort, backlog, descriptors } = place;
    const accepts: AcceptCount = { count: 0 };
    const counted = (accepted: Accepted): void => {
      accepts.count++;
      accept(accepted);
    };
    const places: net.ListenOptions[] =
      descriptors.length > 0
        ? descriptors.map((fd) => ({ fd, backlog }))
        : [{ host: address, port, reusePort, backlog, ipv6Only: false }];
    const opened = await Promise.allSettled(places.map((where) => listen(where, counted)));
    const servers = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = opened.find(({ status }) => status === "rejected");
    if (failed === undefined) return new ListeningSockets(servers, accepts);
    for (const server of servers) server.close();
    throw (failed as PromiseRejectedResult).reason;
  }

  /**
   * Takes what waits in the queues, then closes them in the turn that found them empty: the system resets what a
   * closed socket has not given away (docs/adr/0025-hot-upgrade.md). Resolves when they are closed.
   */
  closeEmptied(): Promise<void> {
    const untilMs = performance.now() + MAX_EMPTYING_MS;
    let seen = -1;
    let quietTurns = 0;
    return new Promise((resolve) => {
      const look = (): void => {
        const { count } = this.accepts;
        quietTurns = count === seen ? quietTurns + 1 : 0;
        seen = count;
        // The first of them may be of the turn that is under way, whose sockets were asked before.
        if (quietTurns < 2 && performance.now() < untilMs) {
          setImmediate(look);
          return;
        }
        this.close();
        resolve();
      };
      look();
    });
  }

  close(): void {
    for (const descriptor of this.descriptors) forgetDescriptor(descriptor);
    for (const server of this.servers) server.close();
  }
}

interface AcceptCount {
  count: number;
}

function listen(where: net.ListenOptions, accept: (accepted: Accepted) => void): Promise<net.Server> {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, accept);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.removeListener("error", reject);
      // Out of descriptors or memory: the system queues; nothing to do but go on.
      server.on("error", () => {});
      takeAccepts(server, accept);
      resolve(server);
    });
  });
}

interface ListeningHandle {
  onconnection?: (status: number, handle: TcpHandle | undefined) => void;
  setNoDelay(isOn: boolean): number;
}

/** Takes the handles of its connections as they come, before the server makes a socket of each. */
function takeAccepts(server: net.Server, accept: (accepted: Accepted) => void): void {
  const handle = (server as unknown as { _handle?: ListeningHandle | null })._handle;
  if (streamBinding === null || typeof handle?.onconnection !== "function") return;
  // Linux gives it to each accepted connection.
  const inherits = process.platform === "linux" && handle.setNoDelay(true) === 0;
  handle.onconnection = (status, accepted) => {
    if (status !== 0 || accepted === undefined) return;
    if (!inherits) accepted.setNoDelay(true);
    accept(accepted);
  };
}
