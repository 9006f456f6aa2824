import type { Filter, FilterContext, FilterFactory, ObserveBody } from "@heddle/engine/filter";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import { CapturedBody } from "./captured-body.ts";
import type { RecorderConfig } from "./config.ts";
import { Outbox } from "./outbox.ts";
import { redactedHeaders, redactedQuery } from "./redact.ts";
import { Room } from "./room.ts";

/** What is recorded of one exchange, while it goes on. */
interface Recording {
  readonly wallMs: number;
  readonly startedMs: number;
  readonly request: object;
  readonly requestBody: CapturedBody;
  response: object | null;
  readonly responseBody: CapturedBody;
}

/**
 * Sends copies of requests and responses, as they are at this place of the filter list, to a recorder: one line of JSON
 * for each, in batches. No exchange waits for it or fails with it.
 *
 * Events: `recorded`, `dropped` (too much waits), and of batches `sent`, `failed` and `refused` (by what guards the recorder).
 */
class Recorder implements Filter {
  readonly name = "recorder";
  readonly requestBody: ObserveBody;
  readonly responseBody: ObserveBody;
  private readonly config: RecorderConfig;
  private readonly context: FilterContext;
  private readonly slot: number;
  private readonly room: Room;
  private readonly outbox: Outbox;

  constructor(config: RecorderConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.room = new Room(config.maxQueueBytes);
    this.outbox = new Outbox(config, context, this.room);
    this.requestBody = this.phase("requestBody");
    this.responseBody = this.phase("responseBody");
  }

  requestHead(exchange: Exchange): void {
    const { config, context } = this;
    if (config.percent < 100 && context.random.next() * 100 >= config.percent) return;
    const { method, scheme, authority, path, query, fields } = exchange.request;
    const recording: Recording = {
      wallMs: context.clock.wallMs(),
      startedMs: context.clock.now(),
      request: {
        method,
        scheme,
        host: authority,
        path,
        query: redactedQuery(query, config),
        headers: redactedHeaders(fields, config),
      },
      requestBody: this.capture(),
      response: null,
      responseBody: this.capture(),
    };
    exchange.slots![this.slot] = recording;
  }

  responseHead(exchange: Exchange, head: ResponseHead): void {
    const recording = this.recordingOf(exchange);
    if (recording === undefined) return;
    recording.response = { status: head.status, headers: redactedHeaders(head.fields, this.config) };
  }

  end(exchange: Exchange): void {
    const recording = this.recordingOf(exchange);
    if (recording === undefined) return;
    exchange.slots![this.slot] = undefined;
    const { request, requestBody, response, responseBody } = recording;
    const hasBodies = this.config.maxBodyBytes > 0;
    const bodies = { request: requestBody.finish(), response: responseBody.finish() };
    const record = {
      time: new Date(recording.wallMs).toISOString(),
      durationMs: Math.round(this.context.clock.now() - recording.startedMs),
      traceId: exchange.traceId,
      route: exchange.match.route,
      rule: exchange.match.rule,
      client: exchange.clientAddress,
      request: { ...request, ...(hasBodies && { body: bodies.request }) },
      response: response === null ? null : { ...response, ...(hasBodies && { body: bodies.response }) },
      fault: exchange.fault?.code ?? "",
    };
    this.outbox.add(`${JSON.stringify(record)}\n`);
  }

  private capture(): CapturedBody {
    return new CapturedBody(this.room, this.config.maxBodyBytes);
  }

  private phase(side: "requestBody" | "responseBody"): ObserveBody {
    return {
      mode: "observe",
      concerns: (exchange) => this.config.maxBodyBytes > 0 && this.recordingOf(exchange) !== undefined,
      chunk: (exchange, bytes) => this.recordingOf(exchange)?.[side].add(bytes),
    };
  }

  private recordingOf(exchange: Exchange): Recording | undefined {
    return exchange.slots?.[this.slot] as Recording | undefined;
  }
}

export const recorder: FilterFactory<RecorderConfig> = {
  name: "recorder",
  create: (config, context) => new Recorder(config, context),
};
