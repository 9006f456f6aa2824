import assert from "node:assert/strict";
import { test } from "node:test";
import { builtinFilters } from "./index.ts";

test("the registry has each filter under its own name", () => {
  assert.deepEqual(
    [...builtinFilters.keys()],
    [
      "header-modifier",
      "redirect",
      "rewrite",
      "mirror",
      "cors",
      "faults",
      "denial",
      "external-authorization",
      "jwt",
      "introspection",
      "oidc",
      "api-key",
      "basic",
      "client-certificate",
      "http-signatures",
      "hmac",
      "csrf",
      "security-headers",
      "request-limits",
      "authentication",
      "authorization",
      "rate-limit",
      "cache",
      "compression",
      "decompression",
      "response-decompression",
      "json-limits",
      "graphql",
      "own",
      "openapi",
      "error-pages",
      "static-response",
      "transform",
      "recorder",
    ],
  );
  for (const [name, factory] of builtinFilters) assert.equal(factory.name, name);
});
