import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterRun, makeExchange, RecordingContext } from "../filter-run.suite.ts";
import type { RequestOptions } from "../filter-run.suite.ts";
import type { StaticAnswer } from "./config.ts";
import { staticResponse } from "./filter.ts";

const answer: StaticAnswer = {
  paths: [],
  methods: [],
  headers: [],
  status: 200,
  responseHeaders: [["content-type", "text/plain"]],
  body: { text: "hello" },
};

const statusFor = (answers: readonly Partial<StaticAnswer>[], request: RequestOptions) =>
  new FilterRun(
    staticResponse,
    { answers: answers.map((one) => ({ ...answer, ...one })) },
    makeExchange(request),
  ).request()?.status;

test("the first that matches answers, by all that it asks for", () => {
  const answers: Partial<StaticAnswer>[] = [
    { status: 201, paths: [{ type: "exact", value: "/robots.txt" }], methods: ["GET"] },
    {
      status: 202,
      paths: [
        { type: "prefix", value: "/old" },
        { type: "exact", value: "/x" },
      ],
    },
    { status: 203, headers: [{ name: "x-mode", value: "down" }] },
  ];
  for (const [request, status] of [
    [{ target: "/robots.txt" }, 201],
    [{ target: "/robots.txt", method: "POST" }, undefined],
    [{ target: "/robots.txt/" }, undefined],
    [{ target: "/old" }, 202],
    [{ target: "/old/a?b" }, 202],
    [{ target: "/older" }, undefined],
    [{ target: "/x" }, 202],
    [{ headers: [["x-mode", "up"]] }, undefined],
    [
      {
        headers: [
          ["x-mode", "up"],
          ["x-mode", "down"],
        ],
      },
      203,
    ],
  ] as const) {
    assert.equal(statusFor(answers, request), status, JSON.stringify(request));
  }
  assert.equal(statusFor([{ status: 503 }], { method: "DELETE", target: "/anything" }), 503);
  assert.equal(
    statusFor([{ status: 503, paths: [{ type: "prefix", value: "" }] }], { target: "/anything" }),
    503,
  );
});

test("a header that could split the message is refused when the filter is built", () => {
  for (const pair of [
    ["x", "a\r\nb: c"],
    ["x\r\n", "a"],
    ["x y", "a"],
  ] as const)
    assert.throws(() => statusFor([{ responseHeaders: [pair] }], {}), RangeError);
});

test("a text from elsewhere follows it; while there is none nothing is made up", () => {
  const context = new RecordingContext();
  const config = { answers: [{ ...answer, body: { data: "config-text/a" } }] };
  const run = new FilterRun(staticResponse, config, makeExchange(), context);
  assert.equal(run.request()!.status, 500);
  context.data("config-text/a").set("later");
  assert.equal(run.request()!.body, "later");
});
