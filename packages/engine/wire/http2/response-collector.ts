import type { FaultCode } from "../../base/index.ts";
import { LENGTH_UNKNOWN, ResponseHead } from "../../message/index.ts";
import { FieldCollector } from "./field-collector.ts";
import { RULE } from "./hpack/field-rules.ts";
import type { HpackField } from "./hpack/field.ts";

/** Collects a response's header block, and makes its head (RFC 9113 section 8.3.2). */
export class ResponseCollector extends FieldCollector {
  protected readonly malformedCode: FaultCode = "HDL_UPSTREAM_MALFORMED";
  protected readonly tooLargeCode: FaultCode = "HDL_UPSTREAM_HEAD_TOO_LARGE";
  private status = 0;
  private length = -1;

  override reset(maxOctets: number, maxFields: number): void {
    super.reset(maxOctets, maxFields);
    this.status = 0;
    this.length = -1;
  }

  protected takeSpecial(field: HpackField, rule: number): void {
    switch (rule) {
      case RULE.STATUS:
        if (this.status !== 0) this.malformed("repeated :status");
        else if (!/^[1-5]\d\d$/.test(field.value)) this.malformed("status is not in 100–599");
        else this.status = Number(field.value);
        return;
      case RULE.CONTENT_LENGTH:
        this.length = this.takeLength(field, this.length);
        return;
      case RULE.COOKIE:
      case RULE.EXPECT:
        this.append(field.name, field.line);
        return;
      case RULE.HOST:
      case RULE.TE:
        // They mean nothing here, and frame a request.
        return;
      default:
        this.malformed("pseudo-header field that no response has");
    }
  }

  /** The head, `bodyLength` as content-length says it; null when there is a problem. */
  finish(): ResponseHead | null {
    if (this.problem === "" && this.status === 0) this.malformed("no :status");
    if (this.problem !== "") return null;
    const head = new ResponseHead(
      this.status,
      this.takeFields(),
      this.length >= 0 ? this.length : LENGTH_UNKNOWN,
    );
    head.version = 20;
    return head;
  }
}
