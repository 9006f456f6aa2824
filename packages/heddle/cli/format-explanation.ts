import {
  oneLine,
  type ExplainedBackend,
  type ExplainedListener,
  type ExplainedMatch,
  type RequestExplanation,
} from "../app/index.ts";
import { parseKey } from "../resources/index.ts";

/** An explanation as people read it. Texts of the configuration are shown on one line each. */
export function formatExplanation({ request, listeners, problem }: RequestExplanation): string {
  const lines = [`${request.method} ${request.url}`];
  if (problem !== "") lines.push(`  ${problem}`);
  for (const listener of listeners) lines.push(...formatListener(listener).map((line) => `  ${line}`));
  return `${lines.map(oneLine).join("\n")}\n`;
}

function formatListener({ address, server, hostname, match, others }: ExplainedListener): string[] {
  const lines = [`listener ${address}`];
  if (server === null) return [...lines, "  no hostname of its listeners fits: answered with 404"];
  lines.push(`  server ${server}${hostname === "" ? "" : ` (${hostname})`}`);
  if (match === null) lines.push("  no rule matches: answered with 404");
  else lines.push(...formatMatch(match).map((line) => `  ${line}`));
  if (others.length > 0) {
    lines.push("  others, in order of precedence:");
    for (const { route, rule, condition, reason } of others) {
      lines.push(`    ${route} rule ${rule} (${condition}): ${reason}`);
    }
  }
  return lines;
}

function formatMatch(match: ExplainedMatch): string[] {
  const { requestTimeoutMs, backendRequestTimeoutMs, retry, sessionPersistence, policies } = match;
  return [
    `route ${match.route} rule ${match.rule}: ${match.condition}`,
    ...match.filters.map(({ name, effect }) => `  filter ${name}: ${effect}`),
    ...(requestTimeoutMs > 0 ? [`  timeout of the request: ${requestTimeoutMs} ms`] : []),
    ...(backendRequestTimeoutMs > 0 ? [`  timeout of one attempt: ${backendRequestTimeoutMs} ms`] : []),
    ...(retry === null
      ? []
      : [
          `  retries: ${retry.attempts}${codesOf(retry.codes)}${grpcCodesOf(retry.grpcCodes)}${backoffOf(retry.backoffMs)}`,
        ]),
    ...(sessionPersistence === null
      ? []
      : [`  session kept by ${sessionPersistence.type.toLowerCase()} ${sessionPersistence.name}`]),
    ...policies.map((source) => `  ${sourceOf(source)}`),
    ...(match.backends.length > 0 || match.filters.some(({ isAnswer }) => isAnswer)
      ? []
      : ["  no backends: answered with 500"]),
    ...match.backends.flatMap((backend) => formatBackend(backend).map((line) => `  ${line}`)),
  ];
}

/** `retry {"attempts":2}, by TrafficPolicy shop/slow on HTTPRoute shop/orders`. */
function sourceOf({ field, value, policy, target }: ExplainedMatch["policies"][number]): string {
  const { kind, namespace, name } = parseKey(policy);
  return `${field} ${JSON.stringify(value)}, by ${kind} ${namespace}/${name} on ${target}`;
}

const codesOf = (codes: readonly number[]): string => (codes.length === 0 ? "" : `, on ${codes.join(", ")}`);
const grpcCodesOf = (codes: readonly number[] = []): string =>
  codes.length === 0 ? "" : `, on grpc-status ${codes.join(", ")}`;

const backoffOf = (ms: number): string => (ms === 0 ? "" : `, after ${ms} ms at first`);

function formatBackend({
  cluster,
  share,
  status,
  filters,
  isTls,
  policies,
  endpoints,
}: ExplainedBackend): string[] {
  const percent = `${Math.round(share * 1_000) / 10} %`;
  if (cluster === null) return [`backend that does not resolve, ${percent}: answered with ${status}`];
  const where =
    endpoints.length === 0
      ? ["  no endpoints: answered with 503"]
      : endpoints.map((one) => `  endpoint ${one}`);
  return [
    `backend ${cluster}, ${percent}${isTls ? ", over TLS" : ""}`,
    ...filters.map(({ name, effect }) => `  filter ${name}: ${effect}`),
    ...policies.map((source) => `  ${sourceOf(source)}`),
    ...where,
  ];
}
