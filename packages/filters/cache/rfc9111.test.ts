import assert from "node:assert/strict";
import { test } from "node:test";
import { CacheRig, rigConfig } from "./cache-rig.suite.ts";
import type { Asked, Origin } from "./cache-rig.suite.ts";
import type { CacheConfig } from "./config.ts";

type Pair = readonly [string, string];

interface Row {
  /** Of RFC 9111 where it names no other. */
  readonly section: string;
  readonly rule: string;
  readonly first?: Asked;
  readonly response: Origin;
  /** By default as the first. */
  readonly second?: Asked;
  /** Seconds between them. */
  readonly later?: number;
  readonly config?: Partial<CacheConfig>;
  /** Whether the second is answered from the store, or the endpoint is asked whether it is still good, or it is asked anew. */
  readonly expect: "stored" | "asked-if-good" | "asked";
}

const control = (value: string): Pair => ["cache-control", value];
const fresh = control("max-age=60");
const ok = (...headers: readonly Pair[]): Origin => ({ headers, body: "hello" });
const with_ = (...headers: readonly Pair[]): Asked => ({ headers });
const etag: Pair = ["etag", '"v1"'];
const authorization: Pair = ["authorization", "Bearer x"];
const german = with_(["accept-language", "de"]);
const variesByLanguage = ok(fresh, ["vary", "Accept-Language"]);
const aTenth: Partial<CacheConfig> = { heuristic: { share: 0.1, maxMs: 86_400_000 } };
const past = "Sun, 06 Nov 1994 08:49:37 GMT";
/** The rig's clock begins at 2026-01-01T00:00:00Z. */
const inAMinute = "Thu, 01 Jan 2026 00:01:00 GMT";

const rows: readonly Row[] = [
  // Section 3: storing
  { section: "3", rule: "a GET with max-age is stored", response: ok(fresh), expect: "stored" },
  {
    section: "3",
    rule: "a method that is not understood to be cacheable is not",
    first: { method: "POST" },
    response: ok(fresh),
    second: {},
    expect: "asked",
  },
  {
    section: "3",
    rule: "a response without a word of its lifetime is not",
    response: ok(etag),
    expect: "asked",
  },
  {
    section: "3",
    rule: "nor one with a lifetime of nothing and no validator",
    response: ok(control("max-age=0")),
    expect: "asked",
  },
  {
    section: "3",
    rule: "418 is not, however it is marked",
    response: { status: 418, headers: [fresh] },
    expect: "asked",
  },
  ...[200, 203, 226, 299, 301, 302, 303, 307, 308, 404, 410].map((status): Row => ({
    section: "3",
    rule: `${status} is stored when it says so`,
    response: { status, headers: [fresh], body: "x" },
    expect: "stored",
  })),
  {
    section: "3",
    rule: "204 is stored, without a body",
    response: { status: 204, headers: [fresh] },
    expect: "stored",
  },
  ...[299, 302, 303, 400, 403, 405, 413, 414, 431, 500, 503].map((status): Row => ({
    section: "3",
    rule: `${status} is not stored by its status`,
    response: { status, body: "x" },
    expect: "asked",
  })),
  ...[400, 401, 403, 405, 413, 431, 500].map((status): Row => ({
    section: "3, threats 25",
    rule: `${status} is not, however it is marked: a client's own mistake would be everybody's`,
    response: { status, headers: [fresh], body: "x" },
    expect: "asked",
  })),
  ...[403, 499, 503, 599].map((status): Row => ({
    section: "3",
    rule: `${status} is, where the policy says so and it says how long`,
    response: { status, headers: [fresh], body: "x" },
    config: { statuses: [status] },
    expect: "stored",
  })),
  {
    section: "3",
    rule: "and not where it does not say so",
    response: { status: 503, body: "x" },
    config: { statuses: [503] },
    expect: "asked",
  },
  {
    section: "5.2.2.3",
    rule: "nor where one is to understand it",
    response: { status: 503, headers: [control("must-understand, max-age=60")], body: "x" },
    config: { statuses: [503] },
    expect: "asked",
  },
  ...[405, 414, 501].map((status): Row => ({
    section: "4.2.2",
    rule: `such a ${status} may be fresh by a heuristic`,
    response: { status, headers: [["last-modified", past]], body: "x" },
    config: { ...aTenth, statuses: [status] },
    expect: "stored",
  })),
  {
    section: "4.2.2",
    rule: "such a 503 may not",
    response: { status: 503, headers: [["last-modified", past]], body: "x" },
    config: { ...aTenth, statuses: [503] },
    expect: "asked",
  },
  {
    section: "3.3",
    rule: "206 is not stored",
    first: with_(["range", "bytes=0-1"]),
    response: { status: 206, headers: [fresh, ["content-range", "bytes 0-1/5"]], body: "he" },
    second: {},
    expect: "asked",
  },
  {
    section: "3",
    rule: "a whole answer to a range is",
    first: with_(["range", "bytes=0-1"]),
    response: ok(fresh),
    second: {},
    expect: "stored",
  },
  {
    section: "5.2.2.5",
    rule: "no-store is not stored",
    response: ok(control("no-store, max-age=60")),
    expect: "asked",
  },
  {
    section: "5.2.2.3",
    rule: "no-store with must-understand is, where the status is understood",
    response: ok(control("no-store, must-understand, max-age=60")),
    expect: "stored",
  },
  {
    section: "5.2.2.3",
    rule: "and is not where it is not",
    response: { status: 418, headers: [control("no-store, must-understand, max-age=60")] },
    expect: "asked",
  },
  {
    section: "5.2.2.3",
    rule: "nor is a success that is not understood",
    response: { status: 299, headers: [control("must-understand, max-age=60")], body: "x" },
    expect: "asked",
  },
  {
    section: "3.3",
    rule: "205 is not stored",
    response: { status: 205, headers: [fresh] },
    expect: "asked",
  },
  {
    section: "5.2.2.7",
    rule: "private is not stored by a shared cache",
    response: ok(control("private, max-age=60")),
    expect: "asked",
  },
  ...["private", "no-cache"].flatMap((name) => [
    ...[`${name}="x-user"`, `${name}=x-user`, `${name}="x-user, X-Group", ${name}="x-other"`].map(
      (value): Row => ({
        section: "5.2.2.4, 5.2.2.7",
        rule: `${value} is of those fields alone`,
        response: ok(control(`max-age=60, ${value}`), ["x-user", "anna"]),
        expect: "stored",
      }),
    ),
    ...[
      `${name}=""`,
      `${name}="x user"`,
      `${name}="content-type"`,
      `${name}="x-user`,
      `${name}="x-user", ${name}`,
      `${name}, ${name}="x-user"`,
    ].map((value): Row => ({
      section: "5.2.2.4, 5.2.2.7",
      rule: `${value} is of the whole`,
      response: ok(control(`max-age=60, ${value}`)),
      expect: "asked",
    })),
  ]),
  {
    section: "5.2.2.7",
    rule: "a cookie that the response keeps to itself does not keep the rest",
    response: ok(control('max-age=60, private="set-cookie"'), ["set-cookie", "id=1"]),
    expect: "stored",
  },
  {
    section: "5.2",
    rule: "a quote without its end hides no directive",
    response: ok(control('max-age=60, ext="a, no-store')),
    expect: "asked",
  },
  {
    section: "4.2.1",
    rule: "and is no number",
    response: ok(control('max-age="60'), etag),
    expect: "asked-if-good",
  },
  // RFC 9213
  ...(
    [
      ["it goes before Cache-Control", "max-age=60", "no-store", "stored"],
      ["the other way as well", "no-store", "max-age=60", "asked"],
      ["private too", "private", "max-age=60", "asked"],
      ["and no-cache", "no-cache", "max-age=60", "asked-if-good"],
      ["a member that is no directive is one all the same", "none", "max-age=60", "asked"],
      ["of two members the last counts", "max-age=60, no-store, no-store", "max-age=60", "asked"],
      ["empty it is not there", "", "max-age=60", "stored"],
      ["nor where it is no dictionary", "max-age=60, &&", "no-store", "asked"],
      ["nor in capitals, which no dictionary has", "MAX-AGE=60", "no-store", "asked"],
      ["a number in quotes is none", 'max-age="60"', "max-age=60", "asked-if-good"],
      ["nor is a decimal", "max-age=60.5", "max-age=60", "asked-if-good"],
      ["a directive that is said to be false is not there", "no-store=?0, max-age=60", "no-store", "stored"],
      ["parameters are passed over", "max-age=60;x=1", "no-store", "stored"],
      ["field names are read", 'max-age=60, private="x-user"', "no-store", "stored"],
    ] as const
  ).map(([rule, targeted, general, expect]): Row => ({
    section: "RFC 9213 2",
    rule: `${rule}: ${targeted}`,
    response: ok(control(general), etag, ["cdn-cache-control", targeted]),
    config: { targets: ["own-cache-control", "cdn-cache-control"] },
    expect,
  })),
  {
    section: "RFC 9213 2.2",
    rule: "the first of the list counts",
    response: ok(control("no-store"), ["cdn-cache-control", "no-store"], ["own-cache-control", "max-age=60"]),
    config: { targets: ["own-cache-control", "cdn-cache-control"] },
    expect: "stored",
  },
  {
    section: "RFC 9213 2.2",
    rule: "Expires does not count beside it",
    response: ok(etag, ["expires", inAMinute], ["cdn-cache-control", "must-revalidate"]),
    config: { targets: ["cdn-cache-control"] },
    expect: "asked",
  },
  {
    section: "RFC 9213 2.2",
    rule: "one that is not in the list changes nothing",
    response: ok(fresh, ["cdn-cache-control", "no-store"]),
    expect: "stored",
  },
  {
    section: "RFC 9213, 3.5",
    rule: "what only looks like public shares nothing that Authorization asked for",
    first: with_(authorization),
    response: ok(["cdn-cache-control", "public=1, max-age=60"]),
    config: { targets: ["cdn-cache-control"] },
    expect: "asked",
  },
  {
    section: "5.2.1.5",
    rule: "a request with no-store is not stored",
    first: with_(control("no-store")),
    response: ok(fresh),
    second: {},
    expect: "asked",
  },
  {
    section: "5.2",
    rule: "directives compare without case",
    response: ok(control("MAX-AGE=60")),
    expect: "stored",
  },
  {
    section: "5.2",
    rule: "an argument may be quoted",
    response: ok(control('max-age="60"')),
    expect: "stored",
  },
  {
    section: "5.2",
    rule: "several lines are one list",
    response: ok(fresh, control("no-store")),
    expect: "asked",
  },
  {
    section: "5.2",
    rule: "what is in quotes is no directive",
    response: ok(control('ext="no-store, private", max-age=60')),
    expect: "stored",
  },
  {
    section: "5.2.3",
    rule: "an extension that is not known is passed over",
    response: ok(control("max-age=60, community=UCI")),
    expect: "stored",
  },
  // 3.5
  ...["max-age=60", "no-cache"].map((value): Row => ({
    section: "3.5",
    rule: `a response to Authorization with ${value} is not stored`,
    first: with_(authorization),
    response: ok(control(value), etag),
    expect: "asked",
  })),
  ...["public, max-age=60", "s-maxage=60", "must-revalidate, max-age=60"].map((value): Row => ({
    section: "3.5",
    rule: `with ${value} it is`,
    first: with_(authorization),
    response: ok(control(value)),
    second: {},
    expect: "stored",
  })),
  {
    section: "3.5",
    rule: "who is known in another way is told apart alike",
    first: { principal: "anna" },
    response: ok(fresh),
    expect: "asked",
  },
  {
    section: "3.5",
    rule: "and shares what is public",
    first: { principal: "anna" },
    response: ok(control("public, max-age=60")),
    second: { principal: "bert" },
    expect: "stored",
  },
  // 7.3, cookies
  {
    section: "7.3",
    rule: "a response with Set-Cookie is not stored",
    response: ok(fresh, ["set-cookie", "id=1"]),
    expect: "asked",
  },
  {
    section: "7.3",
    rule: "or without it, where the policy says so",
    response: ok(fresh, ["set-cookie", "id=1"]),
    config: { removesCookies: true },
    expect: "stored",
  },
  // 4: keys
  {
    section: "4",
    rule: "another path is another response",
    response: ok(fresh),
    second: { target: "/b" },
    expect: "asked",
  },
  {
    section: "4",
    rule: "another query is",
    response: ok(fresh),
    second: { target: "/a?x=1" },
    expect: "asked",
  },
  {
    section: "4",
    rule: "another authority is",
    response: ok(fresh),
    second: { authority: "other.example" },
    expect: "asked",
  },
  {
    section: "4",
    rule: "another scheme is",
    response: ok(fresh),
    second: { scheme: "https" },
    expect: "asked",
  },
  {
    section: "4",
    rule: "HEAD is answered from a GET's",
    response: ok(fresh),
    second: { method: "HEAD" },
    expect: "stored",
  },
  {
    section: "4",
    rule: "GET is not from a HEAD's",
    first: { method: "HEAD" },
    response: ok(fresh),
    second: {},
    expect: "asked",
  },
  {
    section: "4",
    rule: "a GET with a body goes on",
    response: ok(fresh),
    second: { bodyLength: 4 },
    expect: "asked",
  },
  // 4.1: Vary
  {
    section: "4.1",
    rule: "the same values match",
    first: german,
    response: variesByLanguage,
    expect: "stored",
  },
  {
    section: "4.1",
    rule: "others do not",
    first: german,
    response: variesByLanguage,
    second: with_(["accept-language", "en"]),
    expect: "asked",
  },
  {
    section: "4.1",
    rule: "absent matches absent",
    response: variesByLanguage,
    expect: "stored",
  },
  {
    section: "4.1",
    rule: "absent is not empty",
    response: variesByLanguage,
    second: with_(["accept-language", ""]),
    expect: "asked",
  },
  {
    section: "4.1",
    rule: "white space around commas, and lines, do not count",
    first: with_(["accept-language", "de , en"]),
    response: variesByLanguage,
    second: with_(["accept-language", "de"], ["accept-language", "en"]),
    expect: "stored",
  },
  {
    section: "4.1",
    rule: "* never matches",
    response: ok(fresh, ["vary", "*"]),
    expect: "asked",
  },
  {
    section: "4.1",
    rule: "nor among others",
    response: ok(fresh, ["vary", "accept, *"]),
    expect: "asked",
  },
  {
    section: "4.1",
    rule: "all of several count",
    first: with_(["accept", "a"], ["accept-language", "de"]),
    response: ok(fresh, ["vary", "accept"], ["vary", "accept-language"]),
    second: with_(["accept", "a"], ["accept-language", "en"]),
    expect: "asked",
  },
  // 4.2: freshness
  {
    section: "4.2.1",
    rule: "fresh until the second that max-age names",
    response: ok(fresh, etag),
    later: 59,
    expect: "stored",
  },
  {
    section: "4.2.1",
    rule: "and not in it",
    response: ok(fresh, etag),
    later: 60,
    expect: "asked-if-good",
  },
  {
    section: "4.2.1",
    rule: "s-maxage goes before max-age",
    response: ok(control("max-age=60, s-maxage=10"), etag),
    later: 30,
    expect: "asked-if-good",
  },
  {
    section: "4.2.1",
    rule: "s-maxage goes before max-age, also when it is longer",
    response: ok(control("max-age=10, s-maxage=60")),
    later: 30,
    expect: "stored",
  },
  {
    section: "5.3",
    rule: "max-age goes before Expires",
    response: ok(fresh, ["expires", past]),
    expect: "stored",
  },
  {
    section: "5.3",
    rule: "Expires is counted from Date",
    response: ok(["expires", inAMinute]),
    later: 59,
    expect: "stored",
  },
  {
    section: "5.3",
    rule: "and ends then",
    response: ok(["expires", inAMinute], etag),
    later: 60,
    expect: "asked-if-good",
  },
  ...["0", "-1", "tomorrow", "Thu, 31 Feb 2027 00:00:00 GMT"].map((value): Row => ({
    section: "5.3",
    rule: `Expires: ${value} is in the past`,
    response: ok(["expires", value], etag),
    expect: "asked-if-good",
  })),
  ...["", "x", "-5", "1.5", "60s"].map((value): Row => ({
    section: "4.2.1",
    rule: `max-age=${value} is stale`,
    response: ok(control(`max-age=${value}`), etag),
    expect: "asked-if-good",
  })),
  {
    section: "4.2.1",
    rule: "of two max-age the shorter counts",
    response: ok(control("max-age=60"), control("max-age=10"), etag),
    later: 30,
    expect: "asked-if-good",
  },
  {
    section: "1.2.2",
    rule: "a number too large is a long time",
    response: ok(control("max-age=99999999999999999999")),
    later: 1_000_000_000,
    expect: "stored",
  },
  {
    section: "4.2.2",
    rule: "no heuristic unless the policy has one",
    response: ok(["last-modified", past]),
    expect: "asked",
  },
  {
    section: "4.2.2",
    rule: "a tenth of the time since Last-Modified",
    response: ok(["last-modified", "Wed, 31 Dec 2025 23:00:00 GMT"]),
    later: 359,
    config: aTenth,
    expect: "stored",
  },
  {
    section: "4.2.2",
    rule: "and no longer",
    response: ok(["last-modified", "Wed, 31 Dec 2025 23:00:00 GMT"]),
    later: 360,
    config: aTenth,
    expect: "asked-if-good",
  },
  {
    section: "4.2.2",
    rule: "a heuristic never goes before a word of the response",
    response: ok(control("max-age=1"), ["last-modified", past]),
    later: 2,
    config: aTenth,
    expect: "asked-if-good",
  },
  {
    section: "4.2.3",
    rule: "Age counts",
    response: ok(fresh, ["age", "50"], etag),
    later: 10,
    expect: "asked-if-good",
  },
  {
    section: "4.2.3",
    rule: "a Date in the past counts",
    response: ok(fresh, ["date", "Wed, 31 Dec 2025 23:59:30 GMT"], etag),
    later: 30,
    expect: "asked-if-good",
  },
  {
    section: "4.2.3",
    rule: "a Date in the future makes nothing younger",
    response: ok(fresh, ["date", inAMinute], etag),
    later: 60,
    expect: "asked-if-good",
  },
  {
    section: "4.2.3",
    rule: "an Age that is no number is passed over",
    response: ok(fresh, ["age", "old"]),
    later: 59,
    expect: "stored",
  },
  // 5.2.2: what responses say
  {
    section: "5.2.2.4",
    rule: "no-cache is asked about each time",
    response: ok(control("no-cache, max-age=60"), etag),
    expect: "asked-if-good",
  },
  // 5.2.1: what requests say
  {
    section: "5.2.1.1",
    rule: "a request's max-age",
    response: ok(fresh, etag),
    second: with_(control("max-age=10")),
    later: 20,
    expect: "asked-if-good",
  },
  {
    section: "5.2.1.1",
    rule: "is met by a younger one",
    response: ok(fresh, etag),
    second: with_(control("max-age=30")),
    later: 20,
    expect: "stored",
  },
  {
    section: "5.2.1.2",
    rule: "max-stale takes a stale one",
    response: ok(fresh, etag),
    second: with_(control("max-stale")),
    later: 5_000,
    expect: "stored",
  },
  {
    section: "5.2.1.2",
    rule: "by so much",
    response: ok(fresh, etag),
    second: with_(control("max-stale=10")),
    later: 71,
    expect: "asked-if-good",
  },
  ...["must-revalidate", "proxy-revalidate", "s-maxage=60", "no-cache"].map((value): Row => ({
    section: "4.2.4",
    rule: `but not with ${value}`,
    response: ok(control(`${value}, max-age=60`), etag),
    second: with_(control("max-stale")),
    later: 61,
    expect: "asked-if-good",
  })),
  {
    section: "5.2.1.3",
    rule: "min-fresh",
    response: ok(fresh, etag),
    second: with_(control("min-fresh=30")),
    later: 31,
    expect: "asked-if-good",
  },
  {
    section: "5.2.1.4",
    rule: "a request's no-cache",
    response: ok(fresh, etag),
    second: with_(control("no-cache")),
    expect: "asked-if-good",
  },
  {
    section: "5.4",
    rule: "Pragma: no-cache where there is no Cache-Control",
    response: ok(fresh, etag),
    second: with_(["pragma", "no-cache"]),
    expect: "asked-if-good",
  },
  {
    section: "5.4",
    rule: "and not where there is",
    response: ok(fresh, etag),
    second: with_(["pragma", "no-cache"], control("max-age=100")),
    expect: "stored",
  },
  {
    section: "5.2.1",
    rule: "advice that the policy does not take",
    response: ok(fresh, etag),
    second: with_(control("no-cache")),
    config: { followsRequests: false },
    expect: "stored",
  },
  {
    section: "4.3.2",
    rule: "If-Match is for the endpoint",
    response: ok(fresh, etag),
    second: with_(["if-match", '"v1"']),
    expect: "asked",
  },
  // As the public suite http-tests/cache-tests asks, where the tables above do not
  ...["max-age =60", "max-age= 60", "max-age = 60", "max-age='60'", "max-age=a60", "max-age=60.0"].map(
    (value): Row => ({
      section: "4.2.1",
      rule: `${value} is invalid, so stale`,
      response: ok(control(value), etag),
      expect: "asked-if-good",
    }),
  ),
  {
    section: "1.2.2",
    rule: "zeros before a number do not count",
    response: ok(control("max-age=0060")),
    later: 59,
    expect: "stored",
  },
  ...["max-age=60, max-age=10", "max-age=10, max-age=60"].map((value): Row => ({
    section: "4.2.1",
    rule: `of ${value} the shorter counts, in either order`,
    response: ok(control(value), etag),
    later: 30,
    expect: "asked-if-good",
  })),
  ...['max-age=1, ext="max-age=60"', 'ext="max-age=60", max-age=1', 'ext="\\", max-age=60", max-age=1'].map(
    (value): Row => ({
      section: "5.2",
      rule: `what ${value} has in quotes is no directive`,
      response: ok(control(value), etag),
      later: 2,
      expect: "asked-if-good",
    }),
  ),
  ...["no-store", "private"].map((value): Row => ({
    section: "5.2",
    rule: `${value} counts with an argument that it has not, and where white space is in the way`,
    response: ok(control(`max-age=60,\t${value} =1`)),
    expect: "asked",
  })),
  {
    section: "5.3",
    rule: "of two Expires the earlier counts",
    response: ok(["expires", inAMinute], ["expires", past], etag),
    expect: "asked-if-good",
  },
  {
    section: "5.3",
    rule: "Expires in the form of asctime",
    response: ok(["expires", "Thu Jan  1 00:01:00 2026"]),
    later: 59,
    expect: "stored",
  },
  {
    section: "5.3",
    rule: "and in that of RFC 850",
    response: ok(["expires", "Thursday, 01-Jan-26 00:01:00 GMT"]),
    later: 59,
    expect: "stored",
  },
  ...["THU, 01 Jan 2026 00:01:00 GMT", "Thu, 01 JAN 2026 00:01:00 gmt", "thu jan  1 00:01:00 2026"].map(
    (value): Row => ({
      section: "4.2",
      rule: `dates compare without case: ${value}`,
      response: ok(["expires", value]),
      expect: "stored",
    }),
  ),
  ...["Thu, 01 Jan 2026 00:01:00 UTC", "Thu, 01 Jan 2026 00:01:00 +0000", "Thu, 01 Jan 2026 00:01:00"].map(
    (value): Row => ({
      section: "5.3",
      rule: `Expires: ${value} is no date of HTTP`,
      response: ok(["expires", value], etag),
      expect: "asked-if-good",
    }),
  ),
  {
    section: "5.3",
    rule: "Expires before Date is stale, whatever the clock says",
    response: ok(["date", "Thu, 01 Jan 2026 00:02:00 GMT"], ["expires", inAMinute], etag),
    expect: "asked-if-good",
  },
  {
    section: "4.2.1",
    rule: "Expires is passed over where max-age is invalid",
    response: ok(control("max-age=x"), ["expires", inAMinute], etag),
    expect: "asked-if-good",
  },
  ...[226, 302, 303, 307].map((status): Row => ({
    section: "4.2.2",
    rule: `${status} is not fresh by a heuristic`,
    response: { status, headers: [["last-modified", past]], body: "x" },
    config: aTenth,
    expect: "asked",
  })),
  {
    section: "4.2.2",
    rule: "unless it is public",
    response: { status: 302, headers: [["last-modified", past], control("public")], body: "x" },
    config: aTenth,
    expect: "stored",
  },
  ...[200, 203, 300, 301, 308, 404, 410].map((status): Row => ({
    section: "4.2.2",
    rule: `${status} is`,
    response: { status, headers: [["last-modified", past]], body: "x" },
    config: aTenth,
    expect: "stored",
  })),
  {
    section: "5.1",
    rule: "of several Age the first counts",
    response: ok(fresh, ["age", "0, 3600"]),
    later: 59,
    expect: "stored",
  },
  {
    section: "5.1",
    rule: "also when it is the larger",
    response: ok(fresh, ["age", "3600"], ["age", "0"], etag),
    expect: "asked-if-good",
  },
  ...["-3600", "3600.0", "3600;x", "a"].map((value): Row => ({
    section: "5.1",
    rule: `Age: ${value} is passed over`,
    response: ok(fresh, ["age", value]),
    expect: "stored",
  })),
  {
    section: "5.1",
    rule: "an Age too large is a great age",
    response: ok(fresh, ["age", "99999999999999999999"], etag),
    expect: "asked-if-good",
  },
  {
    section: "5.2.1.1",
    rule: "a request's max-age of nothing is met by nothing that is stored",
    response: ok(fresh, etag),
    second: with_(control("max-age=0")),
    expect: "asked-if-good",
  },
  {
    section: "5.2.1.1",
    rule: "Age counts against a request's max-age",
    response: ok(fresh, ["age", "30"], etag),
    second: with_(control("max-age=20")),
    expect: "asked-if-good",
  },
  {
    section: "5.2.1.1",
    rule: "max-stale does not make a request's max-age longer",
    response: ok(fresh, etag),
    second: with_(control("max-age=10, max-stale=100")),
    later: 20,
    expect: "asked-if-good",
  },
  {
    section: "5.2.1.2",
    rule: "of two max-stale the smaller counts, and no argument is the largest",
    response: ok(fresh, etag),
    second: with_(control("max-stale, max-stale=10, max-stale=1000, max-stale")),
    later: 71,
    expect: "asked-if-good",
  },
  {
    section: "5.2.1.3",
    rule: "of two min-fresh the larger counts",
    response: ok(fresh, etag),
    second: with_(control("min-fresh=30, min-fresh=5")),
    later: 31,
    expect: "asked-if-good",
  },
  {
    section: "5.2.1.5",
    rule: "a request with no-store goes on",
    response: ok(fresh, etag),
    second: with_(control("no-store")),
    expect: "asked",
  },
  {
    section: "5.4",
    rule: "what only looks like Pragma: no-cache is passed over",
    response: ok(fresh, etag),
    second: with_(["pragma", 'x="no-cache", no-cachet']),
    expect: "stored",
  },
  {
    section: "5.4",
    rule: "Pragma of a response has no meaning",
    response: ok(fresh, ["pragma", "no-cache"]),
    expect: "stored",
  },
  {
    section: "4.1",
    rule: "names in Vary compare without case, and empty members do not count",
    first: german,
    response: ok(fresh, ["vary", ", ACCEPT-Language,,"]),
    expect: "stored",
  },
  {
    section: "4.1",
    rule: "values do not compare without case",
    first: with_(["x-group", "a"]),
    response: ok(fresh, ["vary", "x-group"]),
    second: with_(["x-group", "A"]),
    expect: "asked",
  },
  {
    section: "4.1, RFC 9110 12.5.4",
    rule: "those of languages do, and space before a weight does not count",
    first: with_(["accept-language", "de-CH,en;q=0.5"]),
    response: ok(fresh, ["vary", "accept-language"]),
    second: with_(["accept-language", "DE-ch, en ; Q=0.5"]),
    expect: "stored",
  },
  {
    section: "4.1, RFC 9110 8.4.1",
    rule: "and those of codings",
    first: with_(["accept-encoding", "gzip"]),
    response: ok(fresh, ["vary", "accept-encoding"]),
    second: with_(["accept-encoding", "GZIP"]),
    expect: "stored",
  },
  {
    section: "4.1",
    rule: "the order of values counts",
    first: with_(["accept-language", "de, en"]),
    response: ok(fresh, ["vary", "accept-language"]),
    second: with_(["accept-language", "en, de"]),
    expect: "asked",
  },
  {
    section: "5.2.2.8",
    rule: "proxy-revalidate alone does not share what Authorization asked for",
    first: with_(authorization),
    response: ok(control("proxy-revalidate, max-age=60")),
    expect: "asked",
  },
  {
    section: "3.5",
    rule: "a stored response without such a word is not asked for again with Authorization to be shared",
    response: ok(fresh),
    second: with_(authorization),
    expect: "stored",
  },
  // Threats 25
  ...["x-http-method-override", "x-original-url", "x-rewrite-url", "x-forwarded-prefix", "x-host"].map(
    (name): Row => ({
      section: "threats 25",
      rule: `what ${name} had answered is for nobody else`,
      first: with_([name, "/admin"]),
      response: ok(fresh),
      second: {},
      expect: "asked",
    }),
  ),
  ...[
    ["x-forwarded-proto", "https"],
    ["x-forwarded-host", "evil.example"],
    ["x-forwarded-port", "444"],
    ["forwarded", "for=192.0.2.1;host=evil.example, for=192.0.2.2;host=shop.example;proto=http"],
  ].map(([name, value]): Row => ({
    section: "threats 25",
    rule: `${name} of a trusted hop tells responses apart`,
    first: with_([name, value]),
    response: ok(fresh),
    second: {},
    expect: "asked",
  })),
  ...[
    ["x-forwarded-proto", "http"],
    ["x-forwarded-host", "shop.example"],
    ["x-forwarded-for", "192.0.2.1"],
    ["forwarded", "for=192.0.2.1;proto=http; host=shop.example, for=192.0.2.2"],
  ].map(([name, value]): Row => ({
    section: "threats 25",
    rule: `${name} that says what came here does not`,
    first: with_([name, value]),
    response: ok(fresh),
    second: {},
    expect: "stored",
  })),
  {
    section: "threats 25",
    rule: "one target that a trusted hop names is one response",
    first: with_(["x-forwarded-proto", "https"], ["forwarded", "for=192.0.2.1;proto=https"]),
    response: ok(fresh),
    second: with_(["x-forwarded-proto", "https"], ["forwarded", "for=192.0.2.9;proto=https"]),
    expect: "stored",
  },
  {
    section: "3.5",
    rule: "whose certificate a trusted hop tells gets their own answer",
    first: with_(["x-forwarded-client-cert", "Hash=1"]),
    response: ok(fresh),
    second: {},
    expect: "asked",
  },
  {
    section: "threats 22",
    rule: "a response with 5,000 directives is not stored",
    response: ok(control(`${"a,".repeat(5_000)}max-age=60`)),
    expect: "asked",
  },
  {
    section: "threats 22",
    rule: "and a request with as many passes by",
    response: ok(fresh, etag),
    second: with_(control("a,".repeat(5_000))),
    expect: "asked",
  },
  {
    section: "threats 25",
    rule: "a path that ends as a picture does makes nothing public",
    first: { target: "/account/x.css" },
    response: ok(),
    expect: "asked",
  },
  {
    section: "threats 25",
    rule: "two ETags are nobody's response",
    response: ok(fresh, etag, ["etag", '"v2"']),
    expect: "asked",
  },
  {
    section: "threats 25",
    rule: "a body beyond the bound is not stored",
    response: { headers: [fresh], body: "x".repeat(11_000) },
    expect: "asked",
  },
  {
    section: "threats 25",
    rule: "headers that the policy puts into the key tell responses apart",
    first: with_(["x-tenant", "a"]),
    response: ok(fresh),
    second: with_(["x-tenant", "b"]),
    config: { headers: ["x-tenant"] },
    expect: "asked",
  },
];

for (const { section, rule, first = {}, response, second = first, later = 0, config, expect } of rows) {
  test(`${section}: ${rule}`, () => {
    const rig = new CacheRig(rigConfig(config));
    rig.ask(first, response);
    rig.clock.advance(later * 1_000);
    const answer = rig.ask(second, { status: 200, body: "again" });
    const asksIfGood = answer.sent?.has("if-none-match") || answer.sent?.has("if-modified-since");
    const outcome = answer.sent === null ? "stored" : asksIfGood ? "asked-if-good" : "asked";
    assert.equal(outcome, expect);
    if (expect !== "stored") return;
    assert.equal(answer.status, response.status ?? 200);
    if (second.method !== "HEAD") assert.equal(answer.body, response.body ?? "");
  });
}
