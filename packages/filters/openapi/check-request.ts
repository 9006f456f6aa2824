import type { Exchange } from "@heddle/engine/message";
import { mediaTypeOf, type FieldError } from "../bounded-json/index.ts";
import { checkBody, contentFor, isRead, kindOf } from "./check-body.ts";
import { checkParameters } from "./check-parameters.ts";
import type { CheckedExchange } from "./checked-exchange.ts";
import type { ApiOperation, OpenApiConfig } from "./config.ts";
import type { FoundPath } from "./path-table.ts";

/** What a request is refused with. */
export interface Refusal {
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: readonly (readonly [string, string])[];
}

const refuseFields = (errors: readonly FieldError[]): Refusal => ({
  status: 400,
  detail: `the request is not as the API describes it: ${place(errors[0]!)} ${errors[0]!.detail}`,
  errors,
});

/** "query parameter limit", "the body at #/items/0" */
export function place({ in: where, name, pointer }: FieldError): string {
  const inside = pointer === undefined || pointer === "#" ? "" : ` at ${pointer}`;
  if (where === "body") return name === undefined ? `the body${inside}` : `field ${name} of the body`;
  if (name === undefined) return `the ${where}`;
  return where === "header" ? `header ${name}${inside}` : `${where} parameter ${name}${inside}`;
}

/** The operation of a request; HEAD is answered as GET is, but for its body. */
export function operationFor({ operations }: FoundPath, method: string): ApiOperation | undefined {
  const own = operations.find((one) => one.method === method);
  return own === undefined && method === "HEAD" ? operations.find((one) => one.method === "GET") : own;
}

export function refuseMethod({ operations }: FoundPath): Refusal {
  const methods = operations.map(({ method }) => method);
  const allow = methods.includes("GET") && !methods.includes("HEAD") ? [...methods, "HEAD"] : methods;
  return {
    status: 405,
    detail: "the API does not have this method here",
    headers: [["allow", allow.join(", ")]],
  };
}

/** Parameters and the head of the body. Null: so far it is good; `checked` knows whether its octets are looked at. */
export function checkHead(
  exchange: Exchange,
  checked: CheckedExchange,
  found: FoundPath,
  config: OpenApiConfig,
): Refusal | null {
  const { api, operation } = checked;
  const errors = checkParameters(exchange, operation, found, api.requests, config);
  return errors.length > 0 ? refuseFields(errors) : checkBodyHead(exchange, checked, config);
}

function checkBodyHead(
  { request }: Exchange,
  checked: CheckedExchange,
  config: OpenApiConfig,
): Refusal | null {
  const { body } = checked.operation;
  if (request.upgrade !== "") return null;
  if (body === null) {
    if (request.bodyLength > 0) return refuseFields([{ in: "body", detail: "must not be there" }]);
    if (request.bodyLength < 0) checked.requestType = "";
    return null;
  }
  if (request.bodyLength === 0)
    return body.required ? refuseFields([{ in: "body", detail: "is missing" }]) : null;
  const types = request.fields.getAll("content-type");
  // Of several types each reader would take another one.
  if (types.length > 1)
    return refuseFields([{ in: "header", name: "content-type", detail: "is given twice" }]);
  const [type = ""] = types;
  const content = contentFor(body.content, mediaTypeOf(type));
  if (content === undefined) {
    const ranges = body.content.map(({ range }) => range).join(", ");
    return { status: 415, detail: `the body must be of type ${ranges}` };
  }
  if (!isRead(content, kindOf(type))) return null;
  const encoding = request.fields.getList("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity")
    return {
      status: 415,
      detail: "the body must have no content coding",
      headers: [["accept-encoding", "identity"]],
    };
  if (request.bodyLength > config.maxBodyBytes)
    return { status: 413, detail: `the body is over ${config.maxBodyBytes} bytes` };
  checked.requestType = type;
  checked.requestContent = content;
  return null;
}

/** The whole of the body. */
export function checkRequestBody(
  bytes: Uint8Array,
  checked: CheckedExchange,
  config: OpenApiConfig,
): Refusal | null {
  const { requestContent: content, requestType, api, operation } = checked;
  if (content === null)
    return bytes.length === 0 ? null : refuseFields([{ in: "body", detail: "must not be there" }]);
  if (bytes.length === 0)
    return operation.body!.required ? refuseFields([{ in: "body", detail: "is missing" }]) : null;
  const error = checkBody(bytes, requestType!, content, api.requests, config);
  return error === null ? null : refuseFields([error]);
}
