import assert from "node:assert/strict";
import { test } from "node:test";
import { builtinFilters } from "@heddle/filters";
import type { GatewayFilterSpec } from "./filter-specs.ts";

test("every filter that compile emits has a factory, and the other way round", () => {
  const names: Record<GatewayFilterSpec["name"], true> = {
    "header-modifier": true,
    redirect: true,
    rewrite: true,
    mirror: true,
    cors: true,
    faults: true,
    denial: true,
    "rate-limit": true,
    "external-authorization": true,
    jwt: true,
    introspection: true,
    oidc: true,
    "api-key": true,
    basic: true,
    "client-certificate": true,
    "http-signatures": true,
    hmac: true,
    csrf: true,
    "security-headers": true,
    "request-limits": true,
    authentication: true,
    authorization: true,
    cache: true,
    compression: true,
    decompression: true,
    "response-decompression": true,
    "json-limits": true,
    graphql: true,
    own: true,
    openapi: true,
    "error-pages": true,
    "static-response": true,
    transform: true,
    recorder: true,
  };
  assert.deepEqual([...builtinFilters.keys()].sort(), Object.keys(names).sort());
});
