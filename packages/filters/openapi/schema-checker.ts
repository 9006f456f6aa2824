import { compileRegex } from "@heddle/engine/route";
import type { Ajv2020 } from "ajv/dist/2020.js";
import { escapePointer } from "../bounded-json/index.ts";
import type { JsonSchema } from "./config.ts";
import { boundedFormat, formatLengths, isBase64, numberFormats } from "./formats.ts";
import { loadAjv } from "./load-ajv.ts";
import { hasTwins } from "./unique-items.ts";

/** What is wrong with a value: where in it, as a fragment ("#/items/0"), and what. */
export interface ValueError {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * Schemas that a value is held against, at most, and more for each octet that it came in: alternatives in recursive
 * schemas multiply.
 */
const BASE_STEPS = 10_000;
const STEPS_PER_OCTET = 4;

interface AjvError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

interface Validator {
  (value: unknown): unknown;
  errors?: readonly AjvError[] | null;
}

class TooManySteps extends Error {}

/**
 * Holds values against the schemas of a document, each compiled when it is first asked for. Nothing is changed in a
 * value, inherited members are none, patterns take linear time, and the work on one value is bounded.
 */
export class SchemaChecker {
  private readonly schemas: readonly JsonSchema[];
  private readonly allowsMisplaced: boolean;
  private readonly validators = new Map<number, Validator>();
  private ajv: Ajv2020 | null = null;
  private steps = 0;

  constructor(schemas: readonly JsonSchema[], allowsMisplaced: boolean) {
    this.schemas = schemas;
    this.allowsMisplaced = allowsMisplaced;
  }

  /** Null: the value, which came in so many octets, is as schema `index` says; -1 says nothing. */
  check(index: number, value: unknown, octets: number = 0): ValueError | null {
    if (index < 0) return null;
    let validator = this.validators.get(index);
    if (validator === undefined) this.validators.set(index, (validator = this.compile(index)));
    this.steps = BASE_STEPS + STEPS_PER_OCTET * octets;
    try {
      if (validator(value) === true) return null;
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
      return { pointer: "#", detail: "takes too much work to check" };
    }
    return describe(validator.errors ?? []);
  }

  private compile(index: number): Validator {
    this.ajv ??= this.makeAjv();
    return this.ajv.compile({ $ref: `heddle:document#/$defs/${index}` }) as Validator;
  }

  private makeAjv(): Ajv2020 {
    const { Ajv, formats } = loadAjv();
    const ajv = new Ajv({
      strict: false,
      meta: false,
      validateSchema: false,
      logger: false,
      // The first mistake is told: all of them would cost as much as a caller likes.
      allErrors: false,
      ownProperties: true,
      addUsedSchema: false,
      code: { regExp: linearRegExp },
    });
    for (const [name, length] of Object.entries(formatLengths))
      ajv.addFormat(name, { type: "string", validate: boundedFormat(formats[name], length) });
    for (const name of numberFormats) ajv.addFormat(name, formats[name] as never);
    ajv.addFormat("byte", { type: "string", validate: isBase64 });
    this.addKeywords(ajv);
    const $defs = Object.fromEntries(
      this.schemas.map((schema, index) => [
        index,
        typeof schema === "boolean" ? schema : { ...schema, heddleStep: true },
      ]),
    );
    ajv.addSchema({ $id: "heddle:document", $defs });
    return ajv;
  }

  private addKeywords(ajv: Ajv2020): void {
    ajv.addKeyword({
      keyword: "heddleStep",
      // Counted on the way in: what refers to itself would else be through with everything before it counts.
      before: "$ref",
      validate: () => {
        if (--this.steps < 0) throw new TooManySteps();
        return true;
      },
    });
    ajv.addKeyword({ keyword: "heddleMisplaced", validate: () => this.allowsMisplaced });
    // Ajv compares each item with each other one.
    ajv.removeKeyword("uniqueItems");
    ajv.addKeyword({
      keyword: "uniqueItems",
      type: "array",
      schemaType: "boolean",
      validate: (isUnique: boolean, items: readonly unknown[]) => !isUnique || !hasTwins(items),
    });
    // By Ajv 19.99 is no multiple of 0.01, which no binary number is.
    ajv.removeKeyword("multipleOf");
    ajv.addKeyword({
      keyword: "multipleOf",
      type: "number",
      schemaType: "number",
      validate: (divisor: number, value: number) => isMultiple(value, divisor),
    });
  }
}

/** But for what is lost in writing both, and in the division, as binary numbers. */
function isMultiple(value: number, divisor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(divisor)) return value % divisor === 0;
  const quotient = value / divisor;
  return Math.abs(quotient - Math.round(quotient)) <= 2 * Number.EPSILON * Math.abs(quotient);
}

/** Patterns are looked for anywhere in a text. Compile has refused those that have no linear match. */
const linearRegExp = Object.assign(
  (pattern: string): RegExp => {
    const { regex, problem } = compileRegex(`[\\s\\S]*(?:${pattern})[\\s\\S]*`);
    if (regex === null) throw new Error(`pattern of a schema: ${problem}`);
    // Ajv keeps what this returns by its text: without one of its own each pattern would be the first.
    return { test: (text: string) => regex.matches(text), toString: () => pattern } as RegExp;
  },
  { code: "linearRegExp" },
);

/** Of the errors the one that is deepest in the value: of alternatives it is what the caller most likely meant. */
function describe(errors: readonly AjvError[]): ValueError {
  const depth = ({ instancePath }: AjvError): number => instancePath.split("/").length;
  const error = errors.reduce<AjvError | undefined>(
    (best, one) => (best === undefined || depth(one) > depth(best) ? one : best),
    undefined,
  );
  if (error === undefined) return { pointer: "#", detail: "is not as the document says" };
  const { instancePath, keyword, params } = error;
  const name = memberOf(params);
  const pointer = `#${instancePath}${name === null ? "" : `/${escapePointer(name)}`}`;
  return { pointer: pointer.slice(0, 512), detail: detailOf(keyword, error) };
}

/** The member that is missing, or one too many. */
function memberOf({
  missingProperty,
  additionalProperty,
  unevaluatedProperty,
}: AjvError["params"]): string | null {
  const name = missingProperty ?? additionalProperty ?? unevaluatedProperty;
  return typeof name === "string" ? name : null;
}

function detailOf(keyword: string, { message }: AjvError): string {
  switch (keyword) {
    case "required":
    case "dependentRequired":
      return "is missing";
    case "additionalProperties":
    case "unevaluatedProperties":
      return "is not known";
    case "heddleMisplaced":
      return "must not be here: it is read-only in requests, or write-only in responses";
    case "false schema":
      return "must not be here";
    case "uniqueItems":
      return "must not have two equal items";
    case "multipleOf":
      return "must be a multiple of what the document says";
    case "pattern":
    case "patternProperties":
      return "must match the pattern of the document";
    default:
      // Ajv's words speak of the schema, never of the value.
      return message ?? "is not as the document says";
  }
}
