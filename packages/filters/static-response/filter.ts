import type { DataRef, Filter, FilterContext, FilterFactory, Reply } from "@heddle/engine/filter";
import { Fields, hasHeaderLine } from "@heddle/engine/message";
import type { Exchange, RequestHead } from "@heddle/engine/message";
import type { StaticAnswer, StaticPath, StaticResponseConfig } from "./config.ts";

/** An answer ready to be given. */
interface Prepared {
  readonly answer: StaticAnswer;
  /** Null: its text is in `data`. */
  readonly reply: Reply | null;
  readonly data: DataRef | null;
}

const MISSING: Reply = {
  status: 500,
  headers: [["content-type", "text/plain; charset=utf-8"]],
  body: "a policy of this route is not in order, so nothing passes\n",
};

/** Answers requests by itself: the first answer that matches. Counts `answered`. */
class StaticResponse implements Filter {
  readonly name = "static-response";
  private readonly context: FilterContext;
  private readonly prepared: readonly Prepared[];

  constructor({ answers }: StaticResponseConfig, context: FilterContext) {
    this.context = context;
    // Throws for what no field may hold: checked here once, so that exchanges need not (threats 11).
    for (const { responseHeaders } of answers) Fields.of(responseHeaders);
    this.prepared = answers.map((answer) => prepare(answer, context));
  }

  requestHead({ request }: Exchange): Reply | undefined {
    for (const { answer, reply, data } of this.prepared) {
      if (!matches(answer, request)) continue;
      this.context.count("answered");
      if (reply !== null) return reply;
      const text = data!.value;
      if (typeof text !== "string") return MISSING;
      return { status: answer.status, headers: answer.responseHeaders, body: text };
    }
    return undefined;
  }
}

function prepare(answer: StaticAnswer, context: FilterContext): Prepared {
  const { body, status, responseHeaders: headers } = answer;
  if ("text" in body) return { answer, reply: { status, headers, body: body.text }, data: null };
  return { answer, reply: null, data: context.data(body.data) };
}

function matches({ paths, methods, headers }: StaticAnswer, request: RequestHead): boolean {
  if (methods.length > 0 && !methods.includes(request.method)) return false;
  if (paths.length > 0 && !paths.some((path) => isUnder(path, request.path))) return false;
  // Every value is looked at: a second one must not hide behind the first.
  return headers.every(({ name, value }) => hasHeaderLine(request, name, value));
}

function isUnder({ type, value }: StaticPath, path: string): boolean {
  if (path === value) return true;
  return type === "prefix" && path.startsWith(value) && path[value.length] === "/";
}

export const staticResponse: FilterFactory<StaticResponseConfig> = {
  name: "static-response",
  create: (config, context) => new StaticResponse(config, context),
};
