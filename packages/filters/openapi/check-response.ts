import type { Exchange, ResponseHead } from "@heddle/engine/message";
import { mediaTypeOf, type FieldError } from "../bounded-json/index.ts";
import { checkBody, contentFor, isRead, kindOf } from "./check-body.ts";
import { checkReading } from "./check-parameters.ts";
import { place, type Refusal } from "./check-request.ts";
import type { CheckedExchange } from "./checked-exchange.ts";
import type { OpenApiConfig } from "./config.ts";
import { readHeaderParameter } from "./read-parameter.ts";

const MAX_ERRORS = 16;

const refuse = (errors: readonly FieldError[]): Refusal => ({
  status: 502,
  detail: `the service's response is not as the API describes it: ${place(errors[0]!)} ${errors[0]!.detail}`,
  errors,
});

/** Status, headers and type of a response. Null: so far it is good; `checked` knows whether its octets are looked at. */
export function checkResponseHead(
  exchange: Exchange,
  head: ResponseHead,
  checked: CheckedExchange,
  config: OpenApiConfig,
): Refusal | null {
  const { operation, api } = checked;
  const response = operation.responses.find(({ from, to }) => head.status >= from && head.status <= to);
  if (response === undefined) {
    if (config.allowsUnknownStatuses) return null;
    return refuse([{ in: "header", name: "status", detail: "is not one of those that are described" }]);
  }
  const errors = response.headers.flatMap((header) => {
    const reading = readHeaderParameter(header, head.fields.getAll(header.name), config.maxDepth);
    return checkReading(header, reading, api.responses) ?? [];
  });
  if (errors.length > 0) return refuse(errors.slice(0, MAX_ERRORS));
  if (exchange.request.method === "HEAD" || head.bodyLength === 0 || response.content.length === 0)
    return null;
  const type = head.fields.getList("content-type") ?? "";
  const content = contentFor(response.content, mediaTypeOf(type));
  if (content === undefined)
    return refuse([{ in: "header", name: "content-type", detail: "is not one of those that are described" }]);
  if (!isRead(content, kindOf(type))) return null;
  if ((head.fields.getList("content-encoding") ?? "identity").toLowerCase() !== "identity")
    return refuse([
      { in: "header", name: "content-encoding", detail: "must not be there: it was not asked for" },
    ]);
  checked.responseType = type;
  checked.responseContent = content;
  return null;
}

/** The whole of the body. */
export function checkResponseBody(
  bytes: Uint8Array,
  checked: CheckedExchange,
  config: OpenApiConfig,
): Refusal | null {
  const { responseContent, responseType, api } = checked;
  const error = checkBody(bytes, responseType!, responseContent!, api.responses, config);
  return error === null ? null : refuse([error]);
}
