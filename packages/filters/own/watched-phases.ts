import type { BodyPhase, BufferBody, Filter, ObserveBody, Reply, TransformBody } from "@heddle/engine/filter";
import { requestHeadMistake, responseHeadMistake } from "@heddle/engine/message";
import type { Exchange, Fields, ResponseHead } from "@heddle/engine/message";
import type { FilterPhases } from "../define/index.ts";
import type { FilterWatch } from "./filter-watch.ts";
import { isPart, isReplyOrNothing, isThenable, isWholeOrNothing, readOnce } from "./phase-results.ts";

type Soon<T> = T | undefined | void | Promise<T | undefined | void>;
type MethodName = "requestHead" | "requestTrailers" | "responseHead" | "responseTrailers" | "end";

/**
 * The phases of a filter of the user's as the engine runs them: those alone that there are. What they give is looked at,
 * since types end where JavaScript begins: what the engine cannot take is a failure, as a throw is.
 */
export function watchPhases(name: string, phases: FilterPhases, watch: FilterWatch): Filter {
  if (typeof phases !== "object" || phases === null)
    throw new TypeError("create must give an object with the filter's phases");
  const { requestBody, responseBody } = phases;
  return {
    name,
    ...requestHead(phases, watch),
    ...(requestBody !== undefined && { requestBody: watchBody("requestBody", requestBody, watch) }),
    ...trailers("requestTrailers", phases, watch),
    ...responseHead(phases, watch),
    ...(responseBody !== undefined && { responseBody: watchBody("responseBody", responseBody, watch) }),
    ...trailers("responseTrailers", phases, watch),
    ...end(phases, watch),
    damaged: (what) => watch.failedOnce("what a phase left behind", what),
  };
}

/** The method, bound; null where there is none. */
function methodOf<N extends MethodName>(phases: FilterPhases, name: N): NonNullable<FilterPhases[N]> | null {
  const found: unknown = phases[name];
  if (found === undefined) return null;
  if (typeof found !== "function") throw new TypeError(`phase ${name} must be a function`);
  return found.bind(phases) as NonNullable<FilterPhases[N]>;
}

function requestHead(phases: FilterPhases, watch: FilterWatch): Partial<Filter> {
  const method = methodOf(phases, "requestHead");
  if (method === null) return {};
  const settle = new Settling<Reply>("requestHead", watch, isReplyOrNothing);
  return {
    requestHead(exchange) {
      const result = settle.of(watch.run("requestHead", method, exchange), () =>
        requestHeadMistake(exchange.request),
      );
      return result;
    },
  };
}

function responseHead(phases: FilterPhases, watch: FilterWatch): Partial<Filter> {
  const method = methodOf(phases, "responseHead");
  if (method === null) return {};
  const settle = new Settling<Reply>("responseHead", watch, isReplyOrNothing);
  return {
    responseHead(exchange, head: ResponseHead) {
      const { status } = head;
      return settle.of(watch.run("responseHead", method, exchange, head), () =>
        responseHeadMistake(head, status),
      );
    },
  };
}

function trailers(
  name: "requestTrailers" | "responseTrailers",
  phases: FilterPhases,
  watch: FilterWatch,
): Partial<Filter> {
  const method = methodOf(phases, name);
  if (method === null) return {};
  const run = (exchange: Exchange, fields: Fields): void => {
    givesNothing(name, watch, watch.run(name, method, exchange, fields));
  };
  return { [name]: run };
}

/** It may go on by itself, as a promise: nobody waits for it, and its failure is counted. */
function end(phases: FilterPhases, watch: FilterWatch): Partial<Filter> {
  const method = methodOf(phases, "end");
  return method === null ? {} : { end: (exchange) => void watch.run("end", method, exchange) };
}

function watchBody(name: string, phase: BodyPhase, watch: FilterWatch): BodyPhase {
  switch (phase.mode) {
    case "observe":
      return observe(name, phase, watch);
    case "transform":
      return transform(name, phase, watch);
    case "buffer":
      return buffer(name, phase, watch);
    default:
      throw new TypeError(`${name}.mode must be "observe", "transform" or "buffer"`);
  }
}

function observe(name: string, phase: ObserveBody, watch: FilterWatch): ObserveBody {
  const chunk = phase.chunk.bind(phase);
  const atEnd = phase.end?.bind(phase);
  return {
    mode: "observe",
    chunk: (exchange, bytes) =>
      atOnce(name, watch, watch.run(name, chunk, exchange, bytes), isReplyOrNothing),
    ...(atEnd !== undefined && {
      end: (exchange: Exchange) => givesNothing(name, watch, watch.run(name, atEnd, exchange)),
    }),
  };
}

function transform(name: string, phase: TransformBody, watch: FilterWatch): TransformBody {
  const chunk = phase.chunk.bind(phase);
  const atEnd = phase.end.bind(phase);
  return {
    mode: "transform",
    chunk: (exchange, bytes) => atOnce(name, watch, watch.run(name, chunk, exchange, bytes), isPart),
    end: (exchange) => atOnce(name, watch, watch.run(name, atEnd, exchange), isPart),
  };
}

function buffer(name: string, phase: BufferBody, watch: FilterWatch): BufferBody {
  const { maxBytes } = phase;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0)
    throw new TypeError(`${name}.maxBytes must be a number of octets, such as 1048576`);
  const whole = phase.whole.bind(phase);
  const settle = new Settling<Uint8Array | Reply>(name, watch, isWholeOrNothing);
  return {
    mode: "buffer",
    maxBytes,
    whole: (exchange, bytes) => settle.of(watch.run(name, whole, exchange, bytes), noMistake),
  };
}

const noMistake = (): string | null => null;

/** What a phase gives that may wait, and what it left the head like. Promises of any make are taken. */
class Settling<T> {
  private readonly phase: string;
  private readonly watch: FilterWatch;
  private readonly isGood: (value: unknown) => boolean;

  constructor(phase: string, watch: FilterWatch, isGood: (value: unknown) => boolean) {
    this.phase = phase;
    this.watch = watch;
    this.isGood = isGood;
  }

  /** What is given may throw when it is looked at. */
  of(given: Soon<T>, mistake: () => string | null): Soon<T> {
    try {
      return this.settle(given, mistake);
    } catch (error) {
      this.watch.failedOnce(this.phase, error);
      throw error;
    }
  }

  private settle(given: Soon<T>, mistake: () => string | null): Soon<T> {
    if (!isThenable(given)) return this.check(given as T | undefined, mistake);
    return Promise.resolve(given as PromiseLike<T | undefined>).then(
      (value) => this.check(value, mistake),
      (error: unknown) => {
        this.watch.failed(this.phase, error);
        throw error;
      },
    );
  }

  private check(value: T | undefined, mistake: () => string | null): T | undefined {
    const wrong = mistake();
    if (wrong !== null) refuse(this.phase, this.watch, wrong);
    return atOnce(this.phase, this.watch, value, this.isGood);
  }
}

function atOnce<T>(phase: string, watch: FilterWatch, given: T, isGood: (value: unknown) => boolean): T {
  const value = readOnce(given) as T;
  if (isGood(value)) return value;
  if (!isThenable(value)) refuse(phase, watch, "gave what it may not give");
  dropPromise(value);
  return refuse(phase, watch, "gave a promise, and cannot wait");
}

function givesNothing(phase: string, watch: FilterWatch, value: unknown): void {
  if (!isThenable(value)) return;
  dropPromise(value);
  refuse(phase, watch, "gave a promise, and cannot wait");
}

/** Its failure is nobody's news any more: the phase has failed already. */
const dropPromise = (value: PromiseLike<unknown>): void => void value.then(undefined, () => {});

function refuse(phase: string, watch: FilterWatch, what: string): never {
  const error = new TypeError(`${phase} ${what}`);
  watch.failed(phase, error);
  throw error;
}
