import type { FaultCode } from "../../base/index.ts";
import type { Fields } from "../../message/index.ts";
import { keepTrailers } from "../keep-trailers.ts";
import { FieldCollector } from "./field-collector.ts";
import { FIRST_PSEUDO_RULE, RULE } from "./hpack/field-rules.ts";
import type { HpackField } from "./hpack/field.ts";

/** Collects a trailer section (RFC 9113 section 8.1): no pseudo-header fields, and nothing that frames a message. */
export class TrailerCollector extends FieldCollector {
  protected readonly malformedCode: FaultCode;
  protected readonly tooLargeCode: FaultCode;

  constructor(malformedCode: FaultCode, tooLargeCode: FaultCode) {
    super();
    this.malformedCode = malformedCode;
    this.tooLargeCode = tooLargeCode;
  }

  protected takeSpecial(_field: HpackField, rule: number): void {
    if (rule >= FIRST_PSEUDO_RULE) this.malformed("pseudo-header field");
    else if (rule === RULE.CONTENT_LENGTH || rule === RULE.HOST) {
      this.malformed("field that frames the message");
    }
    // Others mean nothing behind a body, as `keepTrailers` has it.
  }

  /** What may be passed on; null for nothing, or with a problem. */
  finish(): Fields | null {
    if (this.problem !== "") return null;
    const fields = keepTrailers(this.takeFields());
    return fields === "refused" ? null : fields;
  }
}
