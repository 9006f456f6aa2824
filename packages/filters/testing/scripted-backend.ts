import { copyBytes, makeFault, seededRandom } from "@heddle/engine/base";
import type { Clock, Fault, TimerWheel } from "@heddle/engine/base";
import { Cluster, UNCOUNTED } from "@heddle/engine/cluster";
import type { Endpoint } from "@heddle/engine/cluster";
import { Fields, LENGTH_UNKNOWN, ResponseHead } from "@heddle/engine/message";
import type { Peer, RequestHead, UpstreamEvents, UpstreamStream } from "@heddle/engine/message";
import { DEFAULT_CLUSTER_SETTINGS } from "@heddle/engine/model";

/** A request as a backend got it. */
export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly host: string;
  /** Lower-case names; values of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The request was given up before it was answered. */
  readonly isAborted: boolean;
}

/** What a backend answers. */
export interface BackendReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A list comes in pieces. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly trailers?: Readonly<Record<string, string>>;
}

/** Answers requests; "reset" breaks the connection. Not before the request is whole. */
export type BackendScript = (
  request: SeenRequest,
) => BackendReply | "reset" | Promise<BackendReply | "reset">;

/** The real cluster, with a script in place of connections. */
export class ScriptedBackend extends Cluster {
  /** What it got, in order. */
  readonly requests: SeenRequest[] = [];
  private readonly script: BackendScript;

  constructor(
    name: string,
    script: BackendScript,
    context: { readonly clock: Clock; readonly wheel: TimerWheel },
  ) {
    const unit = {
      kind: "cluster",
      name,
      protocol: "http1",
      endpoints: name,
      balancing: { algorithm: "round-robin" },
      tls: null,
      settings: DEFAULT_CLUSTER_SETTINGS,
    } as const;
    super(unit, null, -1, { ...context, random: seededRandom(1), observer: UNCOUNTED, indexOf: () => -1 });
    this.script = script;
    const endpoint = { address: "192.0.2.1", port: 80, weight: 1, zone: "" };
    this.setEndpoints({ kind: "endpoints", name, endpoints: [endpoint] });
  }

  override open(
    _endpoint: Endpoint,
    head: RequestHead,
    isLast: boolean,
    _isFresh: boolean,
    _peer: Peer | null,
    events: UpstreamEvents,
  ): UpstreamStream | Fault {
    return new ScriptedStream(head.clone(), isLast, events, this.script, (seen) => this.requests.push(seen));
  }
}

/** reading ─(end of the request)─► answering ─(reply)─► over;  a reset leads to over from anywhere */
class ScriptedStream implements UpstreamStream {
  readonly mayBeUnsent = false;
  private readonly head: RequestHead;
  private readonly events: UpstreamEvents;
  private readonly script: BackendScript;
  private readonly note: (seen: SeenRequest) => void;
  private readonly chunks: Uint8Array[] = [];
  private seen: { isAborted: boolean } = { isAborted: false };
  private isWhole = false;
  private isOver = false;

  constructor(
    head: RequestHead,
    isLast: boolean,
    events: UpstreamEvents,
    script: BackendScript,
    note: (seen: SeenRequest) => void,
  ) {
    this.head = head;
    this.events = events;
    this.script = script;
    this.note = note;
    if (isLast) this.writeEnd();
  }

  writeBody(chunk: Uint8Array): void {
    if (!this.isOver) this.chunks.push(copyBytes(chunk));
  }

  writeEnd(): void {
    if (this.isOver || this.isWhole) return;
    this.isWhole = true;
    // Not at once: the engine has not been given the stream yet.
    queueMicrotask(() => void this.answer());
  }

  flush(): boolean {
    return true;
  }

  reset(): void {
    this.isOver = true;
    this.seen.isAborted = true;
  }

  pauseResponseBody(): void {}
  resumeResponseBody(): void {}

  private async answer(): Promise<void> {
    if (this.isOver) return;
    const { method, path, query, authority, fields } = this.head;
    const headers = namedValues(fields);
    const body = Buffer.concat(this.chunks).toString();
    const seen = { method, path: path + query, host: authority, headers, body, isAborted: false };
    this.seen = seen;
    this.note(seen);
    const reply = await this.script(seen);
    if (this.isOver) return;
    if (reply === "reset") this.fail();
    else this.respond(reply);
  }

  private fail(): void {
    this.isOver = true;
    this.events.onUpstreamReset(makeFault("HDL_UPSTREAM_RESET", "the scripted backend broke the connection"));
  }

  private respond({ status = 200, headers = {}, body = "", trailers }: BackendReply): void {
    const fields = Fields.of(Object.entries(headers));
    const chunks = (isList(body) ? body : [body])
      .map((chunk) => Buffer.from(chunk))
      .filter(({ length }) => length > 0);
    const isLast = (chunks.length === 0 && trailers === undefined) || this.head.method === "HEAD";
    const head = new ResponseHead(status, fields, isLast ? 0 : LENGTH_UNKNOWN);
    if (isLast) this.isOver = true;
    this.events.onResponseHead(head, isLast);
    if (!isLast) {
      for (const chunk of chunks) if (!this.isOver) this.events.onResponseBody(chunk);
      if (this.isOver) return;
      this.isOver = true;
      this.events.onResponseEnd(trailers === undefined ? null : Fields.of(Object.entries(trailers)));
    }
    this.events.onResponseReadDone();
  }
}

const isList = (body: NonNullable<BackendReply["body"]>): body is readonly (string | Uint8Array)[] =>
  Array.isArray(body);

export function namedValues(fields: Fields): Record<string, string> {
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  fields.forEach((name, value) => {
    values[name] = values[name] === undefined ? value : `${values[name]}, ${value}`;
  });
  return values;
}
