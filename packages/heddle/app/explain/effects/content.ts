import type {
  CacheConfig,
  CompressionConfig,
  DecompressionConfig,
  GatewayFilterSpec,
  GraphqlConfig,
  JsonLimitsConfig,
  RecorderConfig,
} from "../../../compile/index.ts";
import { errorPagesEffect, openApiEffect } from "./answers.ts";
import { transformEffect } from "./transform.ts";

type ContentSpec = Extract<
  GatewayFilterSpec,
  {
    name:
      | "cache"
      | "compression"
      | "decompression"
      | "response-decompression"
      | "json-limits"
      | "graphql"
      | "openapi"
      | "error-pages"
      | "transform"
      | "recorder";
  }
>;

/** What a filter of ContentPolicies does, in words. */
export function contentEffect(spec: ContentSpec): string {
  switch (spec.name) {
    case "cache":
      return cacheEffect(spec.config);
    case "compression":
      return compressionEffect(spec.config);
    case "decompression":
      return decompressionEffect(spec.config);
    case "response-decompression":
      return responseDecompressionEffect(spec.config);
    case "json-limits":
      return jsonLimitsEffect(spec.config);
    case "graphql":
      return graphqlEffect(spec.config);
    case "openapi":
      return openApiEffect(spec.config);
    case "error-pages":
      return errorPagesEffect(spec.config);
    case "transform":
      return transformEffect(spec.config);
    case "recorder":
      return recorderEffect(spec.config);
  }
}

function cacheEffect(config: CacheConfig): string {
  const { query, headers, heuristic, coalescing } = config;
  const seconds = (ms: number) => `${ms / 1_000} s`;
  return [
    `answers from store ${config.store} what may be (RFC 9111), up to ${config.maxObjectBytes} octets each`,
    ...(config.disk === null ? [] : [`on disk up to ${config.disk.maxBytes}`]),
    ...(query.mode === "all" ? [] : [`by query parameters ${query.mode} ${query.names.join(", ")}`]),
    ...(headers.length === 0 ? [] : [`by headers ${headers.join(", ")}`]),
    ...(heuristic === null ? [] : [`for ${heuristic.share * 100} % of the age where none is said`]),
    ...(config.staleWhileRevalidateMs === 0
      ? []
      : [`stale for ${seconds(config.staleWhileRevalidateMs)} while it asks anew`]),
    ...(config.staleIfErrorMs === 0 ? [] : [`stale for ${seconds(config.staleIfErrorMs)} on errors`]),
    ...(coalescing === null ? [] : [`one request asks for up to ${coalescing.maxWaiting}`]),
  ].join(", ");
}

function recorderEffect({ percent, cluster, path, maxBodyBytes }: RecorderConfig): string {
  const bodies = maxBodyBytes === 0 ? "without bodies" : `with up to ${maxBodyBytes} octets of each body`;
  return `records ${percent} % of requests at ${cluster}${path}, ${bodies}`;
}

function compressionEffect({ codings, types, minBytes, takesOver }: CompressionConfig): string {
  return [
    `compresses responses of ${minBytes} octets or more in ${codings.join(", ")}: ${types.join(", ")}`,
    ...(takesOver ? ["backends are not asked to"] : []),
  ].join("; ");
}

function decompressionEffect({ codings, maxBytes, maxRatio }: DecompressionConfig): string {
  return `decompresses bodies in ${codings.join(", ")} up to ${maxBytes} octets and ${maxRatio} for one; answers 415 to other codings`;
}

function responseDecompressionEffect({ codings, maxBytes, maxRatio }: DecompressionConfig): string {
  return `decompresses responses in ${codings.join(", ")} up to ${maxBytes} octets and ${maxRatio} for one`;
}

function jsonLimitsEffect(config: JsonLimitsConfig): string {
  const { types, maxBytes, maxDepth, allowsDuplicates, forbiddenNames } = config;
  return [
    `bounds ${types.join(", ")}: ${maxBytes} octets, ${maxDepth} deep`,
    `${config.maxMembers} members, ${config.maxItems} items`,
    `strings of ${config.maxStringBytes}, names of ${config.maxNameBytes}, numbers of ${config.maxNumberBytes}`,
    ...(allowsDuplicates ? [] : ["no name twice"]),
    ...(forbiddenNames.length === 0 ? [] : [`no ${forbiddenNames.join(", ")}`]),
  ].join(", ");
}

function graphqlEffect(config: GraphqlConfig): string {
  const { maxDepth, maxCost, maxBatch, fieldCosts, multipliers } = config;
  const costs = fieldCosts.map(({ field, cost }) => `${field} ${cost}`);
  const denied = [
    ...(config.allowsIntrospection ? [] : ["introspection"]),
    ...(config.allowsPersisted ? [] : ["persisted queries"]),
    ...(config.allowsWebSockets ? [] : ["WebSockets"]),
  ];
  return [
    `bounds GraphQL: ${maxDepth} deep, cost ${maxCost}, ${maxBatch} at a time`,
    ...(costs.length === 0 ? [] : [`costs ${costs.join(", ")}`]),
    ...(multipliers.length === 0 ? [] : [`multiplied by ${multipliers.join(", ")}`]),
    ...(denied.length === 0 ? [] : [`no ${denied.join(", ")}`]),
  ].join("; ");
}
