import { copyBytes } from "@heddle/engine/base";
import type { BodyPhase, DataRef, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import { problemReply } from "../bounded-json/index.ts";
import { checkHead, checkRequestBody, operationFor, refuseMethod, type Refusal } from "./check-request.ts";
import { checkResponseBody, checkResponseHead } from "./check-response.ts";
import { CheckedExchange } from "./checked-exchange.ts";
import { compileApi } from "./compiled-api.ts";
import type { ApiDocument, OpenApiConfig } from "./config.ts";

type Check = (bytes: Uint8Array, checked: CheckedExchange, config: OpenApiConfig) => Refusal | null;

/** What is not known to be described does not pass, and what is not known to be there describes nothing. */
const NO_DOCUMENT: Refusal = {
  status: 500,
  detail: "a policy of this route is not in order, so nothing passes",
};

/**
 * Holds requests and responses against an OpenAPI document.
 *
 *   request head: path ─► method ─► parameters ─► content type ──► body: buffered, read, held against its schema
 *   response head: status ─► headers ─► content type ────────────► body likewise, where responses are looked at
 *
 * Enforce answers what is not as described with a problem (RFC 9457) that names the field, and never a value. DryRun
 * counts it and lets it pass, as it came and when it came. Answers of Heddle's own are described by nobody.
 */
class OpenApi implements Filter {
  readonly name = "openapi";
  readonly requestBody: BodyPhase;
  readonly responseBody?: BodyPhase;
  private readonly config: OpenApiConfig;
  private readonly context: FilterContext;
  private readonly data: DataRef | null;
  private readonly slot: number;

  constructor(config: OpenApiConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
    this.data = "data" in config.document ? context.data(config.document.data) : null;
    const concernsRequest = (exchange: Exchange) => this.checkedOf(exchange)?.requestType != null;
    this.requestBody =
      config.requests === "Enforce"
        ? this.bufferPhase(concernsRequest, checkRequestBody, "refused")
        : this.dryPhase(concernsRequest, checkRequestBody, "would-refuse");
    if (config.responses === "Off") return;
    const concernsResponse = (exchange: Exchange) => this.checkedOf(exchange)?.responseContent != null;
    this.responseBody =
      config.responses === "Enforce"
        ? this.bufferPhase(concernsResponse, checkResponseBody, "response-refused")
        : this.dryPhase(concernsResponse, checkResponseBody, "response-would-refuse");
  }

  requestHead(exchange: Exchange): Reply | undefined {
    const { config } = this;
    const refusal = this.open(exchange);
    if (refusal === null) {
      this.context.count("valid");
      return undefined;
    }
    if (config.requests === "Enforce") return this.refuse(refusal, "refused");
    this.context.count(refusal === NO_DOCUMENT ? "no-document" : "would-refuse");
    return undefined;
  }

  responseHead(exchange: Exchange, head: ResponseHead): Reply | undefined {
    const { config } = this;
    const checked = this.checkedOf(exchange);
    if (config.responses === "Off" || checked === undefined) return undefined;
    if (exchange.fault !== null || exchange.responseHeadMs === 0 || head.status < 200) return undefined;
    checked.gathered = [];
    checked.gatheredBytes = 0;
    const refusal = checkResponseHead(exchange, head, checked, config);
    if (refusal === null) return undefined;
    if (config.responses === "Enforce") return { ...this.refuse(refusal, "response-refused"), from: this };
    this.context.count("response-would-refuse");
    return undefined;
  }

  private open(exchange: Exchange): Refusal | null {
    const { config } = this;
    const { request } = exchange;
    const document =
      "api" in config.document ? config.document.api : (this.data!.value as ApiDocument | undefined);
    if (document === undefined) return NO_DOCUMENT;
    const api = compileApi(document, config);
    const found = api.paths.find(request.path);
    if (found === null)
      return config.allowsUnknownPaths ? null : { status: 404, detail: "the API does not have this path" };
    const operation = operationFor(found, request.method);
    if (operation === undefined) return config.allowsUnknownPaths ? null : refuseMethod(found);
    const checked = new CheckedExchange(api, operation);
    exchange.slots![this.slot] = checked;
    // Responses are read as they are.
    if (config.responses !== "Off") request.fields.delete("accept-encoding");
    return checkHead(exchange, checked, found, config);
  }

  private bufferPhase(concerns: (exchange: Exchange) => boolean, check: Check, event: string): BodyPhase {
    return {
      mode: "buffer",
      maxBytes: this.config.maxBodyBytes,
      concerns,
      whole: (exchange, bytes) => {
        const refusal = check(bytes, this.checkedOf(exchange)!, this.config);
        return refusal === null ? undefined : this.refuse(refusal, event);
      },
    };
  }

  private dryPhase(concerns: (exchange: Exchange) => boolean, check: Check, event: string): BodyPhase {
    return {
      mode: "observe",
      concerns,
      chunk: (exchange, bytes) => this.gather(this.checkedOf(exchange)!, bytes),
      end: (exchange) => {
        const checked = this.checkedOf(exchange)!;
        const isLong = checked.gathered === null;
        if (isLong || check(Buffer.concat(checked.gathered!), checked, this.config) !== null)
          this.context.count(event);
        checked.gathered = null;
      },
    };
  }

  private gather(checked: CheckedExchange, bytes: Uint8Array): void {
    if (checked.gathered === null) return;
    checked.gatheredBytes += bytes.length;
    if (checked.gatheredBytes > this.config.maxBodyBytes) checked.gathered = null;
    else checked.gathered.push(copyBytes(bytes));
  }

  private refuse({ status, detail, errors, headers }: Refusal, event: string): Reply {
    this.context.count(event);
    return problemReply(status, detail, errors, headers);
  }

  private checkedOf(exchange: Exchange): CheckedExchange | undefined {
    return exchange.slots?.[this.slot] as CheckedExchange | undefined;
  }
}

/**
 * Events: `valid` (of heads; a body may be refused yet), `refused`, `would-refuse`, `response-refused`,
 * `response-would-refuse`, `no-document`.
 */
export const openApi: FilterFactory<OpenApiConfig> = {
  name: "openapi",
  create: (config, context) => new OpenApi(config, context),
};
