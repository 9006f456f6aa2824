import type { Filter, FilterContext, FilterFactory, ObserveBody, Reply } from "@heddle/engine/filter";
import type { Exchange } from "@heddle/engine/message";
import { matchesType } from "../content-type/index.ts";
import type { JsonLimitsConfig } from "./config.ts";
import { JsonScanner } from "./json-scanner.ts";
import type { JsonFault } from "./json-scanner.ts";

const TEXTS: Readonly<Record<JsonFault, string>> = {
  malformed: "the body is no JSON",
  "too-large": "the body is too large",
  "too-deep": "the body's JSON is nested too deeply",
  "too-many-members": "an object in the body has too many members",
  "too-many-items": "an array in the body has too many items",
  "string-too-long": "a string in the body is too long",
  "name-too-long": "a name in the body is too long",
  "number-too-long": "a number in the body is too long",
  "duplicate-name": "an object in the body has a name twice",
  "forbidden-name": "an object in the body has a name that is not allowed",
};

/**
 * Holds the JSON of requests to bounds, octet by octet as it passes: the endpoint never has the whole of one that is
 * beyond them.
 */
class JsonLimits implements Filter {
  readonly name = "json-limits";
  private readonly config: JsonLimitsConfig;
  private readonly context: FilterContext;
  private readonly slot: number;

  constructor(config: JsonLimitsConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.slot = context.reserveSlot();
  }

  requestHead({ request, slots }: Exchange): Reply | undefined {
    const { fields, bodyLength } = request;
    // Several Content-Types: any of them may be the one that is read (threats 14).
    const types = fields.getAll("content-type");
    if (!types.some((type) => matchesType(type, this.config.types)) || bodyLength === 0) return undefined;
    if (types.length > 1) return this.refuse(400, "several", "the request has several Content-Types");
    const coding = fields.getList("content-encoding")?.trim().toLowerCase() ?? "";
    if (coding !== "" && coding !== "identity")
      return this.refuse(415, "coded", "the body has a Content-Encoding that is not taken");
    if (bodyLength > this.config.maxBytes) return this.fail("too-large");
    slots![this.slot] = new JsonScanner(this.config);
    return undefined;
  }

  readonly requestBody: ObserveBody = {
    mode: "observe",
    concerns: ({ slots }) => slots![this.slot] !== undefined,
    chunk: ({ slots }, bytes) => this.judge((slots![this.slot] as JsonScanner).write(bytes)),
    end: ({ slots }) => this.judge((slots![this.slot] as JsonScanner).end()),
  };

  private judge(fault: JsonFault | null): Reply | undefined {
    return fault === null ? undefined : this.fail(fault);
  }

  private fail(fault: JsonFault): Reply {
    return this.refuse(fault === "too-large" ? 413 : 400, fault, TEXTS[fault]);
  }

  private refuse(status: number, event: string, text: string): Reply {
    this.context.count(event);
    return { status, headers: [["content-type", "text/plain; charset=utf-8"]], body: `${text}\n` };
  }
}

/** Events: the faults by name (`malformed`, `too-deep` …), `several`, `coded`. */
export const jsonLimits: FilterFactory<JsonLimitsConfig> = {
  name: "json-limits",
  create: (config, context) => new JsonLimits(config, context),
};
