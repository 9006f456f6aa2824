import type { DataRef, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import type { Exchange, ResponseHead } from "@heddle/engine/message";
import { escapeHtml, escapeJsonText, escapePlain, titleOf, renderTemplate } from "../template/index.ts";
import type { Template } from "../template/index.ts";
import { contentTypes, preferred } from "./accept.ts";
import type { ErrorPage, ErrorPagesConfig, PageFormat } from "./config.ts";

const escapes: Readonly<Record<PageFormat, (text: string) => string>> = {
  HTML: escapeHtml,
  JSON: escapeJsonText,
  Problem: escapeJsonText,
  Text: escapePlain,
};

/** What was said of the body that is replaced. */
const bodyFields: ReadonlySet<string> = new Set([
  "accept-ranges",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "digest",
  "content-digest",
  "repr-digest",
  "etag",
  "last-modified",
]);

/**
 * Answers with pages of the operator's in place of errors. It keeps the fields of the answer that do not speak of its
 * body (Retry-After, WWW-Authenticate, CORS). Filters before it see the page as the response.
 *
 * Events: `page`; `missing` (its content is not there, so the answer stays).
 */
class ErrorPages implements Filter {
  readonly name = "error-pages";
  private readonly config: ErrorPagesConfig;
  private readonly context: FilterContext;
  private readonly data: readonly (DataRef | null)[];

  constructor(config: ErrorPagesConfig, context: FilterContext) {
    this.config = config;
    this.context = context;
    this.data = config.pages.map(({ content }) =>
      content !== null && "data" in content ? context.data(content.data) : null,
    );
  }

  responseHead(exchange: Exchange, head: ResponseHead): Reply | undefined {
    if (head.status < 400 || exchange.grpcForm !== "") return undefined;
    const { of, pages } = this.config;
    if (of !== "All" && isOwn(exchange) !== (of === "Heddle")) return undefined;
    const found = pages.filter((page) => has(page, head.status));
    if (found.length === 0) return undefined;
    const formats = found.map(({ format }) => format);
    const page = found[Math.max(0, preferred(exchange.request.fields.getList("accept"), formats))]!;
    const body = this.bodyOf(page, exchange, head);
    if (body === null) {
      this.context.count("missing");
      return undefined;
    }
    this.context.count("page");
    const headers = headersOf(head, page, new Set(formats).size > 1);
    return { status: page.status === 0 ? head.status : page.status, headers, body, from: this };
  }

  private bodyOf(page: ErrorPage, exchange: Exchange, response: ResponseHead): string | null {
    const { content, format } = page;
    if (content === null) return problemOf(exchange, response);
    const template =
      "template" in content
        ? content.template
        : (this.data[this.config.pages.indexOf(page)]!.value as Template | undefined);
    if (template === undefined) return null;
    return renderTemplate(template, { exchange, response, captures: null }, escapes[format]);
  }
}

/** No backend gave it: Heddle could not go on, or a filter answered. */
const isOwn = (exchange: Exchange): boolean => exchange.fault !== null || exchange.responseHeadMs === 0;

const has = ({ statuses }: ErrorPage, status: number): boolean =>
  statuses.some(([from, to]) => status >= from && status <= to);

function problemOf(exchange: Exchange, { status }: ResponseHead): string {
  const code = exchange.fault?.code;
  const problem = {
    type: "about:blank",
    title: titleOf(status),
    status,
    ...(code !== undefined && { code }),
    ...(exchange.traceId !== "" && { traceId: exchange.traceId }),
  };
  return `${JSON.stringify(problem)}\n`;
}

function headersOf(head: ResponseHead, { format }: ErrorPage, varies: boolean): [string, string][] {
  const kept = head.fields.toPairs().filter(([name]) => !bodyFields.has(name));
  return [
    ...kept,
    ["content-type", contentTypes[format]],
    ...(varies ? [["vary", "Accept"] as [string, string]] : []),
  ];
}

export const errorPages: FilterFactory<ErrorPagesConfig> = {
  name: "error-pages",
  create: (config, context) => new ErrorPages(config, context),
};
