import type net from "node:net";
import { takeHandle } from "./accepted-handle.ts";
import { handleOf } from "./open-handles.ts";
import { pipeBinding } from "./pipe-binding.ts";
import type { DescriptorHandle, PipeHandle } from "./pipe-binding.ts";

/** A listening socket that goes with a message. */
export interface LentDescriptor {
  readonly kind: "tcp" | "udp";
  /** Of any thread of this process. */
  readonly descriptor: number;
}

/** One message, with the socket that came with it. */
export interface ReceivedMessage {
  readonly message: unknown;
  readonly passed: PassedDescriptor | null;
}

/** A socket that another process passed: this process's own now, under a number of its own. */
export interface PassedDescriptor {
  readonly descriptor: number;
  /** Only where nobody has listened on it: whoever does closes it. */
  close(): void;
}

interface Waiting {
  resolve(received: ReceivedMessage): void;
  reject(error: Error): void;
}

/** More than that is no message of ours. */
const MAX_MESSAGE_BYTES = 16 * 1_048_576;

/** Whether this runtime can pass descriptors to a process that is not its child. */
export const canPassDescriptors = pipeBinding !== null;

/**
 * Messages between two processes of one machine over a Unix socket, JSON a line each, of which each may carry a
 * listening socket (SCM_RIGHTS). One socket at a time: the next is sent when the one before was answered.
 */
export class DescriptorChannel {
  private readonly pipe: PipeHandle;
  private readonly inbox: ReceivedMessage[] = [];
  private held: Buffer[] = [];
  private heldBytes = 0;
  private passed: DescriptorHandle | null = null;
  private waiting: Waiting | null = null;
  private error: Error | null = null;

  private constructor(pipe: PipeHandle) {
    this.pipe = pipe;
    pipe.onread = (bytes) => this.read(bytes);
    pipe.readStart();
  }

  /** Rejects with the system's error; `code` ECONNREFUSED where nobody listens any more. */
  static connect(path: string): Promise<DescriptorChannel> {
    const { Pipe, PipeConnectWrap, ipcPipe } = pipeBinding!;
    const pipe = new Pipe(ipcPipe);
    return new Promise((resolve, reject) => {
      const request = new PipeConnectWrap();
      request.oncomplete = (status) => {
        if (status === 0) {
          resolve(new DescriptorChannel(pipe));
          return;
        }
        pipe.close();
        reject(new Error(`cannot connect to ${path} (${status})`));
      };
      const status = pipe.connect(request, path);
      if (status !== 0) request.oncomplete(status);
    });
  }

  /**
   * Over a connection that was accepted paused. The accepted handle is left as it is, never closed: its descriptor is
   * the channel's from here on.
   */
  static over(accepted: net.Socket): DescriptorChannel {
    const { Pipe, ipcPipe } = pipeBinding!;
    const handle = takeHandle(accepted) as { readonly fd: number };
    const pipe = new Pipe(ipcPipe);
    pipe.open(handle.fd);
    return new DescriptorChannel(pipe);
  }

  /** False: the descriptor cannot be lent, and nothing was sent. */
  send(message: object, lent: LentDescriptor | null = null): boolean {
    if (this.error !== null) return true;
    const handle = lent === null ? undefined : openHandle(lent);
    if (handle === null) return false;
    const status = this.pipe.writeUtf8String(
      new pipeBinding!.WriteWrap(),
      `${JSON.stringify(message)}\n`,
      handle,
    );
    if (status !== 0) this.end(new Error("the other process has ended the connection"));
    return true;
  }

  /** The next message. Rejects when there will be none, or none within `timeoutMs`. */
  receive(timeoutMs: number): Promise<ReceivedMessage> {
    const next = this.inbox.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.error !== null) return Promise.reject(this.error);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.end(new Error(`no word for ${timeoutMs} ms`)), timeoutMs);
      const settled = (): void => {
        clearTimeout(timer);
        this.waiting = null;
      };
      this.waiting = {
        resolve: (received) => {
          settled();
          resolve(received);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
    });
  }

  close(): void {
    this.end(new Error("closed"));
  }

  private read(bytes: ArrayBuffer | undefined): void {
    const { streamBaseState, kReadBytesOrError } = pipeBinding!;
    const length = streamBaseState[kReadBytesOrError];
    const { pendingHandle } = this.pipe;
    this.pipe.pendingHandle = null;
    if (pendingHandle !== null && pendingHandle !== undefined) this.passed = pendingHandle;
    if (length < 0 || bytes === undefined) {
      this.end(new Error("the other process has ended the connection"));
      return;
    }
    this.take(Buffer.from(bytes, 0, length));
  }

  private take(bytes: Buffer): void {
    const newlineAt = bytes.indexOf(10);
    if (newlineAt < 0) {
      this.held.push(bytes);
      this.heldBytes += bytes.length;
      if (this.heldBytes > MAX_MESSAGE_BYTES) this.end(new Error("a message is too long"));
      return;
    }
    const line = Buffer.concat([...this.held, bytes.subarray(0, newlineAt)]).toString();
    this.held = [];
    this.heldBytes = 0;
    const { passed } = this;
    this.passed = null;
    const own = passed && { descriptor: passed.fd, close: () => passed.close() };
    try {
      this.deliver({ message: JSON.parse(line), passed: own });
    } catch {
      this.end(new Error("a message cannot be read"));
      return;
    }
    if (newlineAt + 1 < bytes.length) this.take(bytes.subarray(newlineAt + 1));
  }

  private deliver(received: ReceivedMessage): void {
    if (this.waiting !== null) this.waiting.resolve(received);
    else this.inbox.push(received);
  }

  private end(error: Error): void {
    if (this.error !== null) return;
    this.error = error;
    this.pipe.onread = ignore;
    this.pipe.close();
    this.waiting?.reject(error);
  }
}

/**
 * A handle over a descriptor of another thread, or of this one. It is never closed: the descriptor is its owner's. Null
 * where the system knows it no more.
 */
function openHandle({ kind, descriptor }: LentDescriptor): object | null {
  const own = handleOf(descriptor);
  if (own !== undefined) return own;
  const { TCP, UDP, tcpServer } = pipeBinding!;
  const handle = kind === "tcp" ? new TCP(tcpServer) : new UDP();
  return handle.open(descriptor) === 0 ? handle : null;
}

/** Of a pipe that is closing. */
const ignore = (): void => {};
