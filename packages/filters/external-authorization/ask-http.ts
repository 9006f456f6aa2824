import type { FilterContext } from "@heddle/engine/filter";
import { Fields, RequestHead } from "@heddle/engine/message";
import type { Exchange } from "@heddle/engine/message";
import { askCluster } from "../ask-cluster/index.ts";
import type { ClusterAnswer } from "../ask-cluster/index.ts";
import type { CheckedBody } from "./check-request.ts";
import type { ExternalAuthorizationConfig, HttpAuthorizationConfig } from "./config.ts";
import { isChangeable, isGoodField } from "./field-change.ts";
import type { FieldChange, NoVerdict, Verdict } from "./verdict.ts";

/** What a denial's page may have. */
const MAX_ANSWER_BYTES = 1_048_576;

/** Of an answer that allows: they describe its own body, which goes nowhere. */
const ofTheAnswer: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-language",
  "content-location",
  "content-range",
  "content-type",
  "date",
  "etag",
  "last-modified",
  "server",
  "set-cookie",
  "vary",
  "www-authenticate",
]);

/** Asks by a request like the client's: 2xx allows, 5xx is no verdict, all else is the client's answer. */
export async function askHttp(
  exchange: Exchange,
  config: ExternalAuthorizationConfig,
  http: HttpAuthorizationConfig,
  body: CheckedBody | null,
  context: FilterContext,
): Promise<Verdict | NoVerdict> {
  const bytes = body === null || body.bytes.length === 0 ? null : body.bytes;
  const answer = await askCluster(context, config.cluster, questionHead(exchange, http, body), bytes, {
    timeoutMs: config.timeoutMs,
    maxBytes: MAX_ANSWER_BYTES,
    signal: exchange.abortSignal(),
  });
  if ("failure" in answer) return { failure: answer.failure, isBroken: false };
  if (answer.status >= 200 && answer.status < 300) return allowed(answer, http);
  if (answer.status >= 300 && answer.status < 500) return denied(answer);
  return { failure: `status-${answer.status}`, isBroken: false };
}

/**
 * The request's method, path and Host with its chosen fields. What it was is told in the words of other proxies too:
 * X-Forwarded-Method and -Uri are always ours, the client's are not passed on.
 */
function questionHead(
  { request, clientAddress, traceparent }: Exchange,
  http: HttpAuthorizationConfig,
  body: CheckedBody | null,
): RequestHead {
  const fields = new Fields();
  copyField(request.fields, fields, "authorization");
  for (const name of http.requestHeaders) {
    if (name !== "authorization" && isChangeable(name)) copyField(request.fields, fields, name);
  }
  fields.set("x-forwarded-method", request.method);
  fields.set("x-forwarded-proto", request.scheme);
  fields.set("x-forwarded-host", request.authority);
  fields.set("x-forwarded-uri", request.path + request.query);
  if (clientAddress !== "") fields.set("x-forwarded-for", clientAddress);
  if (traceparent !== "") fields.set("traceparent", traceparent);
  if (body !== null && body.bytes.length > 0) copyField(request.fields, fields, "content-type");
  const path = http.isWholePath ? http.path : http.path + request.path;
  const query = http.isWholePath ? "" : request.query;
  return new RequestHead(request.method, request.scheme, request.authority, path, query, fields);
}

function copyField(from: Fields, to: Fields, name: string): void {
  if (to.has(name)) return;
  for (const value of from.getAll(name)) to.addTrusted(name, value);
}

function allowed({ fields }: ClusterAnswer, http: HttpAuthorizationConfig): Verdict | NoVerdict {
  const names = http.toUpstream ?? namesOf(fields).filter((name) => !ofTheAnswer.has(name));
  return {
    isAllowed: true,
    requestChanges: changesOf(fields, names.filter(isChangeable)),
    // The client's own value must never pass for the service's word.
    requestRemovals: (http.toUpstream ?? []).filter(isChangeable),
    querySet: [],
    queryRemovals: [],
    responseChanges: changesOf(fields, http.toClient.filter(isChangeable)),
  };
}

function namesOf(fields: Fields): readonly string[] {
  return [...new Set(fields.toPairs().map(([name]) => name))];
}

/** Replaces what there is of each name, with all values. */
function changesOf(fields: Fields, names: readonly string[]): FieldChange[] {
  return names.flatMap((name) =>
    fields.getAll(name).map((value, at): FieldChange => {
      const action = at === 0 && name !== "set-cookie" ? "set" : "add";
      return { action, name, value };
    }),
  );
}

function denied({ status, fields, body }: ClusterAnswer): Verdict {
  const headers = fields.toPairs().filter(([name, value]) => isChangeable(name) && isGoodField(name, value));
  return { isAllowed: false, reply: { status, headers, body } };
}
