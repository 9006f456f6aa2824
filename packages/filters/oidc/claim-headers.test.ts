import assert from "node:assert/strict";
import { test } from "node:test";
import { Credentials, Fields } from "@heddle/engine/message";
import { FilterRun, makeExchange } from "../filter-run.suite.ts";
import type { OidcConfig } from "./config.ts";
import { oidc } from "./filter.ts";

const config: OidcConfig = {
  id: "test",
  providers: [
    {
      name: "corp",
      issuer: "https://id.example",
      clientId: "shop",
      clientSecret: "",
      clientAuthentication: "basic",
      scopes: ["openid"],
      parameters: [],
      cluster: "",
      clockSkewMs: 0,
      asksUserInfo: false,
      claimHeaders: [{ claim: ["sub"], header: "x-user" }],
      forwardsAccessToken: false,
    },
  ],
  path: "/oauth2",
  origin: "",
  session: { cookieName: "shop", maxAgeMs: 1000, keys: "keys" },
  afterLogoutPath: "/",
  endsProviderSession: false,
};

test("names of its claims are no client's, and what another way filled stays", () => {
  const spoofed = makeExchange({ headers: [["X-User", "root"]] });
  const run = new FilterRun(oidc, config, spoofed);
  run.request();
  assert.equal(spoofed.request.fields.has("x-user"), false);
  const trailers = Fields.of([["x-user", "root"]]);
  run.filter.requestTrailers!(spoofed, trailers);
  assert.equal(trailers.size, 0);
  const filled = makeExchange({ headers: [["x-user", "bob"]] });
  Credentials.of(filled).filled([["x-user", "bob"]]);
  new FilterRun(oidc, config, filled).request();
  assert.deepEqual(filled.request.fields.getAll("x-user"), ["bob"]);
});
