import assert from "node:assert/strict";
import { test } from "node:test";
import { Fields, ResponseHead } from "@heddle/engine/message";
import { makeExchange, RecordingContext } from "../filter-run.suite.ts";
import { askGrpc } from "./ask-grpc.ts";
import type { ExternalAuthorizationConfig, GrpcAuthorizationConfig } from "./config.ts";

const protocol: GrpcAuthorizationConfig = {
  kind: "grpc",
  authority: "authz:9000",
  requestHeaders: null,
  contextExtensions: [],
};
const config: ExternalAuthorizationConfig = {
  cluster: "authz",
  protocol,
  timeoutMs: 1000,
  failureMode: "Deny",
  statusOnError: 403,
  body: null,
  cache: null,
};

type Pairs = readonly (readonly [string, string])[];
interface Answer {
  readonly status?: number;
  readonly headers?: Pairs;
  readonly chunks?: readonly Uint8Array[];
  /** Null: none. */
  readonly trailers?: Pairs | null;
  readonly fault?: string;
}

async function outcome(answer: Answer): Promise<string> {
  const context = new RecordingContext();
  const asked = askGrpc(makeExchange(), config, protocol, null, context);
  const { events } = context.calls[0]!;
  const { status = 200, headers = [], chunks = [], trailers = [["grpc-status", "0"]], fault } = answer;
  events.onHead?.(new ResponseHead(status, Fields.of(headers)));
  for (const chunk of chunks) events.onBody?.(chunk);
  if (trailers !== null) events.onTrailers?.(Fields.of(trailers));
  events.onEnd?.(fault);
  const verdict = await asked;
  if ("failure" in verdict) return verdict.isBroken ? `broken: ${verdict.failure}` : verdict.failure;
  return verdict.isAllowed ? "allowed" : `denied ${verdict.reply.status}`;
}

function frame(message: Uint8Array, flag = 0, length: number = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}
const ok = Buffer.from([0x0a, 0]);
const malformed = "broken: malformed";

const answers: readonly (readonly [string, Answer, string])[] = [
  ["one message", { chunks: [frame(ok)] }, "allowed"],
  ["one message, octet by octet", { chunks: [...frame(ok)].map((one) => Buffer.from([one])) }, "allowed"],
  ["no message", {}, malformed],
  ["an empty message", { chunks: [frame(Buffer.alloc(0))] }, malformed],
  ["two messages", { chunks: [frame(ok), frame(ok)] }, malformed],
  ["a message and the beginning of another", { chunks: [frame(ok), Buffer.from([0])] }, malformed],
  ["a prefix that is cut off", { chunks: [Buffer.from([0, 0, 0, 0])] }, malformed],
  ["a message that is cut off", { chunks: [frame(ok, 0, 3)] }, malformed],
  ["a message that is longer than it says", { chunks: [frame(ok, 0, 1)] }, malformed],
  ["a length of 4 GiB", { chunks: [frame(ok, 0, 2 ** 32 - 1)] }, malformed],
  ["a compressed message", { chunks: [frame(ok, 1)] }, malformed],
  ["a flag that nobody knows", { chunks: [frame(ok, 0x80)] }, malformed],
  ["more than a MiB", { chunks: [frame(ok), Buffer.alloc(1_048_576)] }, "too-large"],
  [
    "more than a MiB in pieces",
    { chunks: Array.from({ length: 65 }, () => Buffer.alloc(16_384)) },
    "too-large",
  ],

  ["no trailers", { chunks: [frame(ok)], trailers: null }, "grpc-status-none"],
  ["trailers without a status", { chunks: [frame(ok)], trailers: [["x", "0"]] }, "grpc-status-none"],
  [
    "a status in the head and none in the trailers",
    { chunks: [frame(ok)], headers: [["grpc-status", "0"]], trailers: [["x", "0"]] },
    "grpc-status-none",
  ],
  [
    "a status in the head, behind which a message comes",
    { chunks: [frame(ok)], headers: [["grpc-status", "0"]], trailers: null },
    malformed,
  ],
  [
    "a status in the head that the trailers contradict",
    { chunks: [frame(ok)], headers: [["grpc-status", "0"]], trailers: [["grpc-status", "7"]] },
    "grpc-status-7",
  ],
  ["trailers alone", { headers: [["grpc-status", "0"]], trailers: null }, malformed],
  ["trailers alone with an error", { headers: [["grpc-status", "12"]], trailers: null }, "grpc-status-12"],
  [
    "two statuses",
    {
      chunks: [frame(ok)],
      trailers: [
        ["grpc-status", "0"],
        ["grpc-status", "7"],
      ],
    },
    "grpc-status-several",
  ],
  [
    "the same status twice",
    {
      chunks: [frame(ok)],
      trailers: [
        ["grpc-status", "0"],
        ["grpc-status", "0"],
      ],
    },
    "grpc-status-several",
  ],
  ["a status that is none", { chunks: [frame(ok)], trailers: [["grpc-status", "00"]] }, "grpc-status-00"],
  ["an empty status", { chunks: [frame(ok)], trailers: [["grpc-status", ""]] }, "grpc-status-"],
  ["a failed call", { chunks: [frame(ok)], trailers: [["grpc-status", "14"]] }, "grpc-status-14"],
  ["another HTTP status", { status: 503, chunks: [frame(ok)] }, "status-503"],
  ["204", { status: 204, chunks: [frame(ok)] }, "status-204"],
  [
    "a call that breaks off behind its message",
    { chunks: [frame(ok)], fault: "HDL_UPSTREAM_RESET" },
    "HDL_UPSTREAM_RESET",
  ],
];

test("what a hostile service's call is", async () => {
  for (const [what, answer, expected] of answers) assert.equal(await outcome(answer), expected, what);
});
