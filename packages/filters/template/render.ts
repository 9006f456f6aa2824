import { typedLines } from "@heddle/engine/message";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import { claimOf } from "./claim.ts";
import type { Template, TemplateValue } from "./config.ts";
import { queryValue } from "./query-value.ts";
import { titleOf } from "./title-of.ts";

/** What a template is rendered for. */
export interface TemplateScope {
  readonly exchange: Exchange;
  /** Null while there is none. */
  readonly response: ResponseHead | null;
  /** Parts of the path that a pattern named; null: none. */
  readonly captures: ReadonlyMap<string, string> | null;
}

/** Characters of one value that go into a text: what clients send must not make it large. */
const MAX_VALUE = 4_096;

/** The text, with every value through `escape`. What is not there is "". */
export function renderTemplate(
  template: Template,
  scope: TemplateScope,
  escape: (value: string) => string,
): string {
  let text = "";
  for (const part of template) {
    text += typeof part === "string" ? part : escape(valueOf(part, scope).slice(0, MAX_VALUE));
  }
  return text;
}

function valueOf({ from, names }: TemplateValue, { exchange, response, captures }: TemplateScope): string {
  const { request, match, principal } = exchange;
  const name = names[0] ?? "";
  switch (from) {
    case "request.method":
      return request.method;
    case "request.scheme":
      return request.scheme;
    case "request.host":
      return request.authority;
    case "request.path":
      return request.path;
    case "request.query":
      return request.query.slice(1);
    case "request.header":
      return (typedLines(request, name) ?? [request.fields.getList(name)])[0] ?? "";
    case "query":
      return queryValue(request.query, name);
    case "path":
      return captures?.get(name) ?? "";
    case "client.address":
      return exchange.clientAddress;
    case "listener.name":
      return match.listener;
    case "route.name":
      return match.route;
    case "route.rule":
      return match.rule;
    case "principal.subject":
      return principal?.subject ?? "";
    case "principal.issuer":
      return principal?.issuer ?? "";
    case "claim":
      return claimOf(principal?.claims, names);
    case "trace.id":
      return exchange.traceId;
    case "response.status":
      return response === null ? "" : String(response.status);
    case "response.reason":
      return response === null ? "" : titleOf(response.status);
    case "response.header":
      return response?.fields.getList(name) ?? "";
    case "fault.code":
      return exchange.fault?.code ?? "";
  }
}
