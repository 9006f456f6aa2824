import type { Clock, Random } from "../base/index.ts";
import type { Exchange, Fields, RequestHead, ResponseHead } from "../message/index.ts";
import type { SharedTable } from "../shared/index.ts";

/**
 * A reply's body that is not in memory: read as the client takes it. Whoever gives one lets go of what is behind it in
 * `Filter.end`, which comes after the last octet as after every other end.
 */
export interface BodySource {
  /** Octets in all; at least one. */
  readonly length: number;
  /**
   * The next octets, one at least, valid until it is asked again; asked when the last ones have gone on, and `length`
   * octets in all. Rejects where they are not to be had: the response is broken off, visibly.
   */
  read(): Promise<Uint8Array>;
}

/** A response of Heddle's own instead of the upstream's. */
export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | Uint8Array;
  /** In place of `body`, which is "" then. */
  readonly source?: BodySource;
  /** What gRPC clients are told; by default what `status` stands for (http-grpc-status-mapping.md). */
  readonly grpcStatus?: number;
  /** How long gRPC clients shall wait before they try again (gRFC A6). Default: they are not told. */
  readonly grpcPushbackMs?: number;
  /**
   * The filter that replies, where it is with a response that those behind it have had already (a stored one): only
   * those before it see it, and as a response phase's reply it takes the response's place for them. Default: a reply
   * to the request passes all filters, one to the response none.
   */
  readonly from?: Filter;
}

type Now<T> = T | undefined | void;
type Soon<T> = Now<T> | Promise<Now<T>>;

/**
 * A filter instance: built once per route (or backendRef) when a Snapshot is applied, shared by all its exchanges,
 * so state of one exchange lives in a slot. Request phases run in the list's order, response phases in reverse.
 *
 * A head phase returns nothing (go on) or a Reply. Only one that must wait returns a promise, and only then does
 * the runner await; the wait must end when `exchange.abortSignal()` fires. A phase that throws fails its exchange
 * with HDL_FILTER_FAILED. `end` runs once for every exchange whose `requestHead` phase was entered, whatever happened.
 */
export interface Filter {
  readonly name: string;
  requestHead?(exchange: Exchange): Soon<Reply>;
  readonly requestBody?: BodyPhase;
  requestTrailers?(exchange: Exchange, trailers: Fields): void;
  responseHead?(exchange: Exchange, head: ResponseHead): Soon<Reply>;
  readonly responseBody?: BodyPhase;
  responseTrailers?(exchange: Exchange, trailers: Fields): void;
  end?(exchange: Exchange): void;
  /**
   * Of filters whose code nobody has looked at: its exchange could not go on as filters left it, and was failed. Where a
   * filter has it, what exchanges of its rule are like is looked at before it goes out.
   */
  damaged?(what: unknown): void;
}

/** What a filter does with body bytes. A chunk is valid during the call only: copy what must be kept. */
export type BodyPhase = ObserveBody | TransformBody | StreamBody | BufferBody;

interface BodyChoice {
  /** Asked once per exchange, when the body is about to flow: false leaves the phase out. Default: it is in. */
  concerns?(exchange: Exchange): boolean;
}

export interface ObserveBody extends BodyChoice {
  readonly mode: "observe";
  /** A Reply ends it: answered instead where no response has begun, else the exchange is broken off. */
  chunk(exchange: Exchange, bytes: Uint8Array): Now<Reply>;
  end?(exchange: Exchange): Now<Reply>;
}

/** Chunk in, chunks out. The runner makes the length unknown, since it changes. */
export interface TransformBody extends BodyChoice {
  readonly mode: "transform";
  /** Returns the bytes to pass on now; null for none. */
  chunk(exchange: Exchange, bytes: Uint8Array): Uint8Array | null;
  /** Returns what is left when the body ends; null for none. */
  end(exchange: Exchange): Uint8Array | null;
}

/** Chunk in, chunks out, in their own time: work that another thread does. The length becomes unknown as well. */
export interface StreamBody extends BodyChoice {
  readonly mode: "stream";
  open(exchange: Exchange, output: BodyOutput): BodyStream;
}

/** A filter's work on one body. */
export interface BodyStream {
  /** False: enough waits; the next comes after `output.drained`. It may come sooner, as much as one read holds. */
  write(bytes: Uint8Array): boolean;
  /** No more comes. Whatever is left goes to the output, and then its end. */
  end(): void;
  /** The output takes bytes again, after a `push` that returned false. */
  resume(): void;
  /** When the exchange is over, however: nothing more is taken. */
  close(): void;
}

/** Where the bytes go. Not to be called within `open`. */
export interface BodyOutput {
  /** False: those behind are full; hold until `resume`. The bytes are taken by the time it returns. */
  push(bytes: Uint8Array): boolean;
  /** After `BodyStream.end`: all is pushed. */
  ended(): void;
  /** What made `write` return false is worked off. */
  drained(): void;
  /** An answer instead; after a response's head it can only break the response. */
  reply(reply: Reply): void;
  /** As if a phase had thrown. */
  fail(error: unknown): void;
}

/** The whole body at once, up to `maxBytes`; more is refused with HDL_BODY_BUFFER_FULL (413, or 502 of a response). */
export interface BufferBody extends BodyChoice {
  readonly mode: "buffer";
  readonly maxBytes: number;
  /** Returns a replacement, a Reply, or nothing to pass it on unchanged. */
  whole(exchange: Exchange, bytes: Uint8Array): Soon<Uint8Array | Reply>;
}

/** A call that a filter makes to a cluster beside its exchange: mirror, external authorisation, introspection. */
export interface SideCall {
  writeBody(chunk: Uint8Array): void;
  /** Octets that wait to be sent: a caller with a bound of its own stops above it. */
  readonly pendingBytes: number;
  writeEnd(): void;
  abort(): void;
}

export interface SideCallEvents {
  /** Body octets arrive through `onBody`; without it they are read and dropped. */
  onHead?(head: ResponseHead): void;
  onBody?(chunk: Uint8Array): void;
  /** Those of the response where it has any, before `onEnd`. */
  onTrailers?(trailers: Fields): void;
  /** Once: undefined when the response is complete, else the fault's code; of copies, REFUSED where they were refused. */
  onEnd?(fault: string | undefined): void;
}

/** Why a copy was not sent, or not all of it: what guards its cluster refused it, or could not be asked. */
export const REFUSED = "refused";

/** A view of a data unit that follows it from Snapshot to Snapshot. */
export interface DataRef {
  /** Undefined while there is none of that name: what needs it fails closed. */
  readonly value: unknown;
  /** Another number each time that `value` is another: for what is derived from it. */
  readonly version: number;
}

/** Everything that a filter may reach of the outside. */
export interface FilterContext {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Numbers by key that all workers of the process share, for what must be one whichever worker a request came to. It
   * outlives configuration changes and workers, not the process. A filter hashes its keys with a `hashFor` of a name that
   * no other filter uses.
   */
  readonly shared: SharedTable;
  /**
   * What the filter stands in: "namespace/route/rule", or the cluster of a backend. Of one place there are several
   * instances, at a time and one after the other; no two places have one name.
   */
  readonly place: string;
  /** A place in `exchange.slots` for state of one exchange, kept for the life of the chain. */
  reserveSlot(): number;
  /**
   * Sends a copy of the exchange's request, as it is now and without a body, through the filters behind `filter` to a
   * backend, for nobody. Its response comes back through the response phases of those and, last, of `filter`, whose
   * slot in it `slot` has been given `value`. False: nothing was sent.
   */
  repeat(exchange: Exchange, filter: Filter, slot: number, value: unknown): boolean;
  /** Opens a request to a cluster of the Snapshot. The head is the caller's to give away (clone it). */
  call(cluster: string, request: RequestHead, events: SideCallEvents): SideCall;
  /**
   * As `call`, for what copies requests to a cluster that it is configured with: whatever guards that cluster
   * (`FilterSpec.guards`) is asked first, as if the exchange had been routed there. The exchange is given away too.
   */
  copy(cluster: string, exchange: Exchange, events: SideCallEvents): SideCall;
  /**
   * The data unit of that name, now and whenever it changes: a filter asks once, when it is built, and reads `value`
   * each time.
   */
  data(name: string): DataRef;
  /**
   * Tells the main thread something that it acts on by topic: that key set `subject` lacks a key, say. It may come often:
   * whoever listens has bounds of its own.
   */
  notify(topic: string, subject: string): void;
  /** A named counter, summed over workers, shown as heddle_filter_events_total{filter,event}. */
  count(event: string): void;
}

/** Makes filters of one kind. `config` is plain data, checked when the resource was compiled. */
export interface FilterFactory<Config = unknown> {
  readonly name: string;
  create(config: Config, context: FilterContext): Filter;
}

export type FilterRegistry = ReadonlyMap<string, FilterFactory>;
