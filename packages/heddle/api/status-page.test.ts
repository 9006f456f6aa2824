import assert from "node:assert/strict";
import { test } from "node:test";
import { renderPage } from "./status-page.ts";

const evil = `<script>alert("x")</script>'&`;
const escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;";

test("every text is escaped, and nothing from elsewhere or scripted may run", () => {
  const { body, headers } = renderPage({
    version: evil,
    unready: [evil],
    problems: [evil],
    listeners: [{ address: evil, protocol: evil, servers: evil, problem: evil }],
    routes: [{ name: evil, hostnames: evil, rules: evil, requests: 1, faults: 0 }],
    routeCount: 300,
    endpoints: [
      { service: evil, endpoint: evil, open: 0, attempts: 1, failed: 0, ejections: 0, health: evil },
    ],
    endpointCount: 1,
  });
  assert.equal(body.includes("<script"), false);
  assert.equal(body.split(escaped).length - 1, 13);
  assert.match(body, /the first 1 of 300/);
  const policy = headers!["content-security-policy"]!;
  assert.match(policy, /default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'/);
  assert.equal(/(src|href)="(?!\/)/.test(body), false, "no address but its own");
});
