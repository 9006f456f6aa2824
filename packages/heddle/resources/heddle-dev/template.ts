import { text } from "../schema/build.ts";
import { rule } from "../schema/rule.ts";
import { parseClaimPath } from "./claim-path.ts";

/** One value of a template: where it is from, and the name that leads there. */
export interface TemplateValueText {
  readonly from: string;
  readonly names: readonly string[];
}

export type ParsedTemplate = readonly (string | TemplateValueText)[];

/** Of those with a name, the name follows: `request.header.x-id`, `claim.org.id`. */
const named = ["request.header", "response.header", "query", "path", "claim"] as const;
const plain = [
  "request.method",
  "request.scheme",
  "request.host",
  "request.path",
  "request.query",
  "client.address",
  "listener.name",
  "route.name",
  "route.rule",
  "principal.subject",
  "principal.issuer",
  "trace.id",
  "response.status",
  "response.reason",
  "fault.code",
];

const token = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/;
const list = `${plain.join(", ")}, ${named.map((one) => `${one}.NAME`).join(", ")}`;

/** What no page and no header shows again: a template is no way to hand credentials on. */
const hidden = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);

/**
 * A text with `${…}` in it; `$${` stands for `${`. Or what is wrong with it, in one sentence with the mend.
 */
export function parseTemplate(source: string): ParsedTemplate | string {
  const parts: (string | TemplateValueText)[] = [];
  let literal = "";
  for (let at = 0; at < source.length;) {
    const dollar = source.indexOf("$", at);
    if (dollar < 0) {
      literal += source.slice(at);
      break;
    }
    literal += source.slice(at, dollar);
    if (source.startsWith("$${", dollar)) {
      literal += "${";
      at = dollar + 3;
    } else if (source[dollar + 1] === "{") {
      const end = source.indexOf("}", dollar);
      const expression = source.slice(dollar + 2, end < 0 ? dollar + 40 : end);
      const value = end < 0 ? null : parseValue(expression);
      if (value === null) return unknown(expression);
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(value);
      at = end + 1;
    } else {
      literal += "$";
      at = dollar + 1;
    }
  }
  if (literal !== "") parts.push(literal);
  return parts;
}

const unknown = (expression: string): string =>
  `has \${${expression.slice(0, 60)}}, which is no value of a template; use one of ${list}, and $\${ for the characters \${`;

function parseValue(expression: string): TemplateValueText | null {
  if (plain.includes(expression)) return { from: expression, names: [] };
  const from = named.find((one) => expression.startsWith(`${one}.`) || expression.startsWith(`${one}[`));
  if (from === undefined) return null;
  const rest = expression.slice(from.length).replace(/^\./, "");
  if (from === "claim") {
    const names = parseClaimPath(rest);
    return names === null ? null : { from, names };
  }
  if (!token.test(rest)) return null;
  if (!from.endsWith("header")) return { from, names: [rest] };
  const name = rest.toLowerCase();
  return hidden.has(name) ? null : { from, names: [name] };
}

/** A text with values of the request in it. */
export const templateText = (maxLength: number) =>
  text({
    maxLength,
    rules: [
      {
        ...rule<string>("template-values", "has a value that is not known", () => true),
        message: `must have \${…} only around one of ${list}, and $\${ for the characters \${`,
        offender: (self) => (typeof parseTemplate(self as string) === "string" ? "" : undefined),
      },
    ],
  });
