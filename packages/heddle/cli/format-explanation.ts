import {
  describeEndpoint,
  type ExplainedAnswers,
  type ExplainedBackend,
  type ExplainedListener,
  type ExplainedMatch,
  type ExplainedRequestBackend,
  type RequestExplanation,
} from "../app/explain/index.ts";
import { oneLine } from "../app/index.ts";
import { parseKey } from "../resources/index.ts";
import { formatValue } from "./format-value.ts";

type Limits = NonNullable<ExplainedRequestBackend["limits"]>;

/** An explanation as people read it. Texts of the configuration are shown on one line each. */
export function formatExplanation({ request, listeners, problem, answers }: RequestExplanation): string {
  const lines = [`${request.method} ${request.url}`];
  if (problem !== "") lines.push(`  ${problem}`);
  for (const listener of listeners)
    lines.push(...formatListener(listener, answers).map((line) => `  ${line}`));
  return `${lines.map(oneLine).join("\n")}\n`;
}

function formatListener(
  { address, server, hostname, match, unrouted, others }: ExplainedListener,
  answers: ExplainedAnswers,
): string[] {
  const lines = [`listener ${address}`];
  if (server === null)
    return [
      ...lines,
      `  no hostname of its listeners fits: answered with ${answers.noRoute}`,
      ...formatUnrouted(unrouted).map((line) => `  ${line}`),
    ];
  lines.push(`  server ${server}${hostname === "" ? "" : ` (${hostname})`}`);
  if (match === null)
    lines.push(
      `  no rule matches: answered with ${answers.noRoute}`,
      ...formatUnrouted(unrouted).map((line) => `  ${line}`),
    );
  else lines.push(...formatMatch(match, answers).map((line) => `  ${line}`));
  if (others.length > 0) {
    lines.push("  others, in order of precedence:");
    for (const { route, rule, condition, reason } of others) {
      lines.push(`    ${route} rule ${rule} (${condition}): ${reason}`);
    }
  }
  return lines;
}

const formatUnrouted = ({ filters, policies }: ExplainedListener["unrouted"]): string[] => [
  ...filters.map(({ name, effect }) => `  filter ${name}: ${effect}`),
  ...policies.map((source) => `  ${sourceOf(source)}`),
];

function formatMatch(match: ExplainedMatch, answers: ExplainedAnswers): string[] {
  const { sessionPersistence, policies } = match;
  return [
    `route ${match.route} rule ${match.rule}: ${match.condition}`,
    ...match.filters.map(({ name, effect }) => `  filter ${name}: ${effect}`),
    ...limitsOf(match).map((line) => `  ${line}`),
    ...(sessionPersistence === null
      ? []
      : [`  session kept by ${sessionPersistence.type.toLowerCase()} ${sessionPersistence.name}`]),
    ...policies.map((source) => `  ${sourceOf(source)}`),
    ...(match.backends.length > 0 || match.filters.some(({ isAnswer }) => isAnswer)
      ? []
      : [`  no backends: answered with ${answers.noBackend}`]),
    ...match.backends.flatMap((backend) => formatRequestBackend(backend, answers).map((line) => `  ${line}`)),
  ];
}

function limitsOf({ requestTimeoutMs, backendRequestTimeoutMs, retry }: Limits): string[] {
  const lines: string[] = [];
  if (requestTimeoutMs > 0) lines.push(`timeout of the request: ${requestTimeoutMs} ms`);
  if (backendRequestTimeoutMs > 0) lines.push(`timeout of one attempt: ${backendRequestTimeoutMs} ms`);
  if (retry !== null) {
    const { attempts, codes, grpcCodes, backoffMs } = retry;
    lines.push(`retries: ${attempts}${codesOf(codes)}${grpcCodesOf(grpcCodes)}${backoffOf(backoffMs)}`);
  }
  return lines;
}

/** `retry: codes 503, attempts 2, by TrafficPolicy shop/slow on HTTPRoute shop/orders`. */
export function sourceOf({ field, value, policy, target }: ExplainedMatch["policies"][number]): string {
  const { kind, namespace, name } = parseKey(policy);
  return `${field}: ${formatValue(value)}, by ${kind} ${namespace}/${name} on ${target}`;
}

const codesOf = (codes: readonly number[]): string => (codes.length === 0 ? "" : `, on ${codes.join(", ")}`);
const grpcCodesOf = (codes: readonly number[] = []): string =>
  codes.length === 0 ? "" : `, on grpc-status ${codes.join(", ")}`;

const backoffOf = (ms: number): string => (ms === 0 ? "" : `, after ${ms} ms at first`);

function formatRequestBackend(backend: ExplainedRequestBackend, answers: ExplainedAnswers): string[] {
  const filters = backend.filters.map(({ name, effect }) => `filter ${name}: ${effect}`);
  const limits = backend.limits === null ? [] : limitsOf(backend.limits);
  return formatBackend(
    backend,
    `answered with ${answers.noBackend}`,
    `answered with ${answers.noEndpoints}`,
    [...filters, ...limits],
  );
}

/** `lost` and `empty`: what comes of a share without a backend, and of one without endpoints. */
export function formatBackend(
  { cluster, share, isTls, zone, policies, endpoints }: ExplainedBackend,
  lost: string,
  empty: string,
  more: readonly string[] = [],
): string[] {
  const percent = `${Math.round(share * 1_000) / 10} %`;
  if (cluster === null) return [`backend that does not resolve, ${percent}: ${lost}`];
  const where =
    endpoints.length === 0
      ? [`no endpoints: ${empty}`]
      : endpoints.map((one) => `endpoint ${describeEndpoint(one)}`);
  return [
    `backend ${cluster}, ${percent}${isTls ? ", over TLS" : ""}`,
    ...[...more, ...policies.map(sourceOf), ...nearness(zone), ...where].map((line) => `  ${line}`),
  ];
}

/** `endpoints of zone a first`. */
function nearness(zone: ExplainedBackend["zone"]): string[] {
  if (zone === null) return [];
  const own = zone.zone === "" ? "its own zone, which is not known" : `zone ${zone.zone}`;
  if (zone.mode === "strict") return [`endpoints of ${own} alone`];
  const places = [
    ...(zone.isNodeFirst && zone.node !== "" ? [`node ${zone.node}`] : []),
    ...(zone.zone === "" ? [] : [own]),
  ];
  return [`endpoints of ${places.join(", then of ")} first`];
}
