import type { FaultCode } from "../../base/index.ts";
import { Fields, SPAN } from "../../message/index.ts";
import { FIELD_CHARGE } from "./limits.ts";
import type { FieldSink } from "./hpack/decoder.ts";
import type { FieldName } from "./hpack/field-rules.ts";
import { FIRST_PSEUDO_RULE, RULE } from "./hpack/field-rules.ts";
import type { HpackField } from "./hpack/field.ts";

/**
 * Collects the fields of one header block into the text and spans that Fields wants, and notes the first reason to
 * refuse it. Once there is one, the rest of the block passes by: it must be decoded all the same.
 *
 * One instance serves all connections of a thread: a block is collected within one call.
 */
export abstract class FieldCollector implements FieldSink {
  /** "" or why the message is refused, and with what. */
  problem = "";
  code: FaultCode = "HDL_INTERNAL";
  protected abstract readonly malformedCode: FaultCode;
  protected abstract readonly tooLargeCode: FaultCode;
  protected text = "";
  /** First `size` numbers count; grows once and is used again. */
  private readonly spans: number[] = [];
  private size = 0;
  private octets = 0;
  private count = 0;
  private maxOctets = 0;
  private maxFields = 0;
  private hasRegular = false;
  private sensitiveNames: string[] | null = null;

  reset(maxOctets: number, maxFields: number): void {
    this.problem = "";
    this.text = "";
    this.size = 0;
    this.octets = 0;
    this.count = 0;
    this.maxOctets = maxOctets;
    this.maxFields = maxFields;
    this.hasRegular = false;
    this.sensitiveNames = null;
  }

  /** A field whose rule is not RULE.REGULAR and not bad for every message. */
  protected abstract takeSpecial(field: HpackField, rule: number): void;

  take(field: HpackField, isSensitive: boolean): void {
    const { name } = field;
    const { rule } = name;
    this.octets += field.size;
    if (rule < FIRST_PSEUDO_RULE) this.count++;
    if (this.octets > this.maxOctets) this.tooLarge(sizeProblem(this.maxOctets));
    else if (this.count > this.maxFields) this.tooLarge(`more than ${this.maxFields} fields`);
    if (this.problem !== "") return;
    if (!field.hasValidValue) {
      this.malformed("octet that no field value may have, or white space around one");
      return;
    }
    if (isSensitive) (this.sensitiveNames ??= []).push(name.text);
    if (rule === RULE.REGULAR) {
      this.hasRegular = true;
      this.append(name, field.line);
    } else {
      this.takeOther(field, rule);
    }
  }

  private takeOther(field: HpackField, rule: number): void {
    if (rule >= FIRST_PSEUDO_RULE) {
      // RFC 9113 section 8.3: all of them before the first regular field.
      if (this.hasRegular) this.malformed("pseudo-header field behind a regular one");
      else this.takeSpecial(field, rule);
      return;
    }
    this.hasRegular = true;
    if (rule === RULE.BAD_NAME) this.malformed("octet that no field name may have");
    else if (rule === RULE.CONNECTION_SPECIFIC)
      this.malformed(`connection-specific field ${field.name.text}`);
    else if (rule !== RULE.DROPPED) this.takeSpecial(field, rule);
  }

  protected malformed(problem: string): void {
    this.refuse(this.malformedCode, problem);
  }

  protected tooLarge(problem: string): void {
    this.refuse(this.tooLargeCode, problem);
  }

  /** The first reason stands. */
  protected refuse(code: FaultCode, problem: string): void {
    if (this.problem !== "") return;
    this.problem = problem;
    this.code = code;
  }

  /** A field as it will be passed on; `line` has its CRLF. */
  protected append(name: FieldName, line: string): void {
    const { spans, size } = this;
    const start = this.text.length;
    const nameEnd = start + name.text.length;
    this.text += line;
    spans[size] = name.id;
    spans[size + 1] = start;
    spans[size + 2] = nameEnd;
    spans[size + 3] = nameEnd + 2;
    spans[size + 4] = this.text.length - 2;
    this.size = size + SPAN;
  }

  protected takeFields(): Fields {
    const fields = new Fields(this.text, this.spans.slice(0, this.size));
    fields.sensitiveNames = this.sensitiveNames;
    return fields;
  }

  /** RFC 9113 section 8.1.1: the length that the message says it has; -1 for none that is valid. */
  protected takeLength(field: HpackField, had: number): number {
    if (had >= 0) {
      this.malformed("repeated content-length");
      return had;
    }
    const length = parseLength(field.value);
    if (length < 0) this.malformed("invalid content-length");
    else this.append(field.name, field.line);
    return length;
  }
}

function sizeProblem(maxOctets: number): string {
  return `larger than ${maxOctets} bytes, each field counted with ${FIELD_CHARGE} more`;
}

/** As in HTTP/1.1: 1–16 digits without a leading zero, at most 2^53 - 1; else -1. */
function parseLength(value: string): number {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(value)) return -1;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : -1;
}
