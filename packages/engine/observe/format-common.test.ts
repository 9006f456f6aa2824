import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { formatCommon } from "./format-common.ts";
import { sampleRecord } from "./sample-exchange.suite.ts";

/** The combined format as log readers take it apart: no quote and no line end but the format's own. */
const COMBINED = /^(\S+) - (\S+) \[[^\]"]+\] "([^"\n]*)" (\d{3}) (\d+) "([^"\n]*)" "([^"\n]*)"$/;

describe("formatCommon", () => {
  it("writes the combined log format", () => {
    const headers = [
      ["user-agent", "curl/8.5.0"],
      ["referer", "https://a.test/x?y=1"],
    ] as const;
    assert.equal(
      formatCommon(sampleRecord({ headers, query: "?q=1" }), "none"),
      '192.0.2.7 - - [31/Jan/2026:09:05:07 +0000] "GET /cart/7 HTTP/1.1" 200 110 "https://a.test/x" "curl/8.5.0"',
    );
  });

  it("writes the query and the user when it has them", () => {
    const record = sampleRecord({ query: "?q=1&token=hush" });
    record.exchange.principal = { subject: "a user", issuer: "", method: "jwt", claims: {} };
    assert.equal(
      formatCommon(record, "redacted"),
      '192.0.2.7 - a\\x20user [31/Jan/2026:09:05:07 +0000] "GET /cart/7?q=1&token=*** HTTP/1.1" 200 110 "-" "-"',
    );
  });

  it("writes unsafe bytes as \\xHH", () => {
    const headers = [["user-agent", 'a"b\\c\r\né\u007f']] as const;
    assert.match(formatCommon(sampleRecord({ headers }), "none"), /"a\\x22b\\x5cc\\x0d\\x0a\\xe9\\x7f"$/);
  });

  it("keeps its seven fields, whatever a client sends (seed 39)", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, text, (path, userAgent, subject) => {
        const record = sampleRecord({
          path,
          headers: [
            ["user-agent", userAgent],
            ["referer", path],
          ],
        });
        record.exchange.principal = { subject, issuer: "", method: "jwt", claims: {} };
        const line = formatCommon(record, "none");
        assert.match(line, COMBINED);
        assert.match(line, /^[ -~]*$/);
      }),
      { seed: 39, numRuns: 300 },
    );
  });
});
