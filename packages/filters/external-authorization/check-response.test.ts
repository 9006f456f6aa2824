import assert from "node:assert/strict";
import { test } from "node:test";
import { readCheckResponse } from "./check-response.ts";
import type { FieldAction, FieldChange } from "./verdict.ts";

function octetsOf(number: number): readonly number[] {
  return number < 128 ? [number] : [(number & 127) | 128, ...octetsOf(number >> 7)];
}
/** A field of any wire type, by its octets: what MessageWriter would not write. */
const field = (number: number, wireType: number, ...octets: readonly number[]): Buffer =>
  Buffer.from([...octetsOf((number << 3) | wireType), ...octets]);
const varint = (number: number, ...octets: readonly number[]): Buffer => field(number, 0, ...octets);
function nested(number: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([field(number, 2, ...octetsOf(bytes.length)), bytes]);
}
const header = (name: string, value: string | Uint8Array, ...more: readonly Uint8Array[]): Buffer =>
  Buffer.concat([nested(1, nested(1, name), nested(2, value)), ...more]);
const append = (value: number): Buffer => nested(2, value === 0 ? "" : varint(1, value));

const OK = nested(1, varint(1, 0));
const DENIED = nested(1, varint(1, 7));
const minusOne = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];

function outcome(...parts: readonly Uint8Array[]): string {
  const read = readCheckResponse(Buffer.concat(parts));
  if ("failure" in read) return read.isBroken ? "broken" : read.failure;
  return read.isAllowed ? "allowed" : `denied ${read.reply.status}`;
}

const outcomes: readonly (readonly [string, readonly Uint8Array[], string])[] = [
  ["OK, by a status alone", [OK], "allowed"],
  ["OK, with its default left out", [nested(1)], "allowed"],
  ["an ok_response without a status", [nested(3)], "allowed"],
  ["nothing at all", [], "broken"],
  ["nothing but metadata", [nested(4, "x")], "broken"],
  ["nothing but a field that nobody knows", [nested(99, "x")], "broken"],
  ["a code", [DENIED], "denied 403"],
  ["a code with an ok_response", [DENIED, nested(3)], "denied 403"],
  ["OK with a denied_response", [OK, nested(2)], "denied 403"],
  ["both responses, whichever is last", [OK, nested(2), nested(3)], "denied 403"],
  ["a negative code", [nested(1, varint(1, ...minusOne))], "denied 403"],
  [
    "a code of 2^32, which is 0 to those that read 32 bits",
    [nested(1, varint(1, 128, 128, 128, 128, 16))],
    "denied 403",
  ],
  ["a code of 2^64", [nested(1, varint(1, 128, 128, 128, 128, 128, 128, 128, 128, 128, 2))], "denied 403"],
  ["0 in two octets", [nested(1, varint(1, 128, 0))], "allowed"],
  ["an error_response", [OK, nested(5)], "error-response"],
  ["an error_response with a code", [DENIED, nested(5, nested(1, varint(1, 100)))], "error-response"],
  ["an error_response beside an ok_response", [OK, nested(3), nested(5)], "error-response"],
  ["an error_response beside a denial", [OK, nested(5), nested(2)], "denied 403"],

  ["two statuses are one: the code of the first holds", [DENIED, nested(1, nested(2, "why"))], "denied 403"],
  ["two statuses are one: the last code holds", [OK, DENIED], "denied 403"],
  ["two codes in one status", [nested(1, varint(1, 7), varint(1, 0))], "allowed"],
  [
    "two denials are one",
    [OK, nested(2, nested(1, varint(1, 145, 3))), nested(2, nested(3, "no"))],
    "denied 401",
  ],

  [
    "fields that nobody knows, of each type",
    [OK, varint(50, 1), field(51, 1, 0, 0, 0, 0, 0, 0, 0, 0), nested(52, "x"), field(53, 5, 0, 0, 0, 0)],
    "allowed",
  ],
  ["metadata, whatever is in it", [OK, nested(4, Buffer.from([0xff, 0xff]))], "allowed"],
  ["a group that nobody knows", [OK, field(50, 3), field(50, 4)], "broken"],
  ["the end of a group", [OK, field(50, 4)], "broken"],
  ["wire type 6", [OK, field(50, 6)], "broken"],
  ["wire type 7", [OK, field(50, 7)], "broken"],
  ["field number 0", [OK, Buffer.from([0, 0])], "broken"],
  ["field number 0 in two octets", [OK, Buffer.from([0x80, 0, 0])], "broken"],
  ["a tag of more than 32 bits", [OK, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x10, 0])], "broken"],

  ["a tag that is cut off", [OK, Buffer.from([0x80])], "broken"],
  ["a varint that is cut off", [OK, Buffer.from([8, 0x80])], "broken"],
  ["a varint of eleven octets", [nested(1, varint(1, ...minusOne.with(9, 0x80), 0))], "broken"],
  ["a length that is cut off", [OK, Buffer.from([0x12])], "broken"],
  ["a length beyond the message", [OK, Buffer.from([0x12, 5, 0])], "broken"],
  ["a length of 2^63", [OK, Buffer.from([0x12, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1])], "broken"],
  [
    "a length beyond what it is nested in",
    [OK, Buffer.from([0x1a, 2, 0x12, 5]), nested(3, "x".repeat(9))],
    "broken",
  ],
  ["64 bits that are cut off", [OK, field(50, 1, 0, 0, 0)], "broken"],
  ["32 bits that are cut off", [OK, field(50, 5, 0, 0, 0)], "broken"],
  ["a status that is no message", [nested(1, Buffer.from([0xff]))], "broken"],

  ["the status as a number", [varint(1, 0)], "broken"],
  ["the status as 32 bits", [field(1, 5, 0, 0, 0, 0)], "broken"],
  ["the code as text", [nested(1, nested(1, "7"))], "broken"],
  ["the code as 32 bits", [nested(1, field(1, 5, 7, 0, 0, 0))], "broken"],
  ["the code as 64 bits", [nested(1, field(1, 1, 7, 0, 0, 0, 0, 0, 0, 0))], "broken"],
  ["a code behind one that is a number", [nested(1, varint(1, 0), nested(1, "7"))], "broken"],
  ["ok_response as a number", [OK, varint(3, 1)], "broken"],
  ["denied_response as a number", [OK, varint(2, 1)], "broken"],
  ["error_response as a number", [OK, varint(5, 1)], "broken"],
  ["headers_to_remove as a number", [OK, nested(3, varint(5, 1))], "broken"],
  ["the action as text", [OK, nested(3, nested(2, header("x-a", "1", nested(3, "1"))))], "broken"],
  [
    "append as a bool, which is a message",
    [OK, nested(3, nested(2, header("x-a", "1", varint(2, 1))))],
    "broken",
  ],
  ["an action that nobody knows", [OK, nested(3, nested(2, header("x-a", "1", varint(3, 4))))], "broken"],
  ["a header option without its header", [OK, nested(3, nested(2, append(1)))], "broken"],

  ["a name that is none", [OK, nested(3, nested(2, header("x a", "1")))], "broken"],
  ["no name", [OK, nested(3, nested(2, header("", "1")))], "broken"],
  [
    "a name that is no UTF-8",
    [OK, nested(3, nested(2, nested(1, nested(1, Buffer.from([0xff])))))],
    "broken",
  ],
  ["a value with a line break", [OK, nested(3, nested(2, header("x-a", "1\r\nx-b: 2")))], "broken"],
  ["a value with NUL", [OK, nested(3, nested(6, header("x-a", "1\0")))], "broken"],
  [
    "raw octets with a line break",
    [OK, nested(3, nested(2, nested(1, nested(1, "x-a"), nested(3, "1\n2"))))],
    "broken",
  ],
  ["a value that is no UTF-8", [OK, nested(3, nested(2, header("x-a", Buffer.from([0xff]))))], "broken"],
  [
    "a query's value that is no UTF-8",
    [OK, nested(3, nested(7, nested(1, "a"), nested(2, Buffer.from([0xff]))))],
    "broken",
  ],
  ["a body that is no UTF-8", [DENIED, nested(2, nested(3, Buffer.from([0xff])))], "broken"],
  ["a denial with a bad header", [DENIED, nested(2, nested(2, header("x-a", "\n")))], "broken"],

  ["1,023 fields", [OK, ...Array.from({ length: 1_023 }, () => varint(50, 0))], "allowed"],
  ["1,025 fields", [OK, ...Array.from({ length: 1_024 }, () => varint(50, 0))], "broken"],
  [
    "a thousand headers",
    [OK, nested(3, ...Array.from({ length: 1_024 }, () => nested(2, header("x", ""))))],
    "allowed",
  ],
  [
    "more headers",
    [OK, nested(3, ...Array.from({ length: 1_025 }, () => nested(2, header("x", ""))))],
    "broken",
  ],
];

test("what an answer is, as a hostile service gives it", () => {
  for (const [what, parts, expected] of outcomes) assert.equal(outcome(...parts), expected, what);
});

test("an answer that is cut off anywhere lets nobody in, but where it is whole without the rest", () => {
  const parts = [
    DENIED,
    nested(2, nested(1, varint(1, 145, 3)), nested(2, header("x-a", "1")), nested(3, "no")),
  ];
  const whole = Buffer.concat(parts);
  for (let at = 0; at < whole.length; at++) {
    const expected = at === DENIED.length ? "denied 403" : "broken";
    assert.equal(outcome(whole.subarray(0, at)), expected, String(at));
  }
});

test("statuses of a denial", () => {
  const table: readonly (readonly [readonly number[], number])[] = [
    [[], 403],
    [[0], 403],
    [[100], 403],
    [[200, 1], 403],
    [[0xab, 2], 403],
    [[0xac, 2], 300],
    [[0xd7, 4], 599],
    [[0xd8, 4], 403],
    [minusOne, 403],
  ];
  for (const [octets, expected] of table) {
    const status = octets.length === 0 ? nested(1) : nested(1, varint(1, ...octets));
    assert.equal(outcome(DENIED, nested(2, status)), `denied ${expected}`, String(octets));
  }
});

function changes(place: 2 | 6, ...options: readonly Uint8Array[]): readonly FieldChange[] {
  const read = readCheckResponse(Buffer.concat([OK, nested(3, ...options.map((one) => nested(place, one)))]));
  assert.ok(!("failure" in read) && read.isAllowed);
  return place === 2 ? read.requestChanges : read.responseChanges;
}

test("append and append_action, of requests and of responses", () => {
  const table: readonly (readonly [readonly Uint8Array[], FieldAction, FieldAction])[] = [
    [[], "set", "add"],
    [[varint(3, 0)], "set", "add"],
    [[varint(3, 1)], "add-if-absent", "add-if-absent"],
    [[varint(3, 2)], "set", "set"],
    [[varint(3, 3)], "set-if-present", "set-if-present"],
    [[append(0)], "set", "set"],
    [[append(1)], "add", "add"],
    [[append(2)], "add", "add"],
    [[append(0), varint(3, 1)], "set", "set"],
    [[append(1), varint(3, 2)], "add", "add"],
    [[varint(4, 1)], "set", "add"],
  ];
  for (const [more, ofRequest, ofResponse] of table) {
    const title = more.map((one) => one.toString()).join();
    const option = header("X-A", "1", ...more);
    assert.deepEqual(changes(2, option), [{ action: ofRequest, name: "x-a", value: "1" }], title);
    assert.deepEqual(changes(6, option), [{ action: ofResponse, name: "x-a", value: "1" }], title);
  }
});

test("values go out in the octets that they came in; raw ones go before texts", () => {
  const raw = (text: string, octets: Uint8Array) =>
    nested(1, nested(1, "x-a"), nested(2, text), nested(3, octets));
  const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
  const table: readonly (readonly [Uint8Array, string])[] = [
    [header("x-a", "é名"), latin1("é名")],
    [header("x-a", ""), ""],
    [raw("text", Buffer.from([0xe9])), "é"],
    [raw("text", Buffer.alloc(0)), "text"],
    [Buffer.concat([nested(1, nested(1, "x-a")), nested(1, nested(2, "b"))]), "b"],
  ];
  for (const [option, value] of table)
    assert.deepEqual(changes(2, option), [{ action: "set", name: "x-a", value }]);
});

test("what frames a message, Host and pseudo-headers are not the service's to set or to remove", () => {
  const names = [
    ":path",
    ":authority",
    ":method",
    ":status",
    "Host",
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "TE",
    "Trailer",
    "Upgrade",
    "Keep-Alive",
    "Proxy-Connection",
    "Expect",
  ];
  for (const name of names) {
    assert.deepEqual(changes(2, header(name, "1")), [], name);
    assert.deepEqual(changes(6, header(name, "1")), [], name);
  }
  const read = readCheckResponse(Buffer.concat([OK, nested(3, ...names.map((name) => nested(5, name)))]));
  assert.ok("isAllowed" in read && read.isAllowed);
  assert.deepEqual(read.requestRemovals, []);
  const denied = readCheckResponse(
    Buffer.concat([DENIED, nested(2, ...names.map((name) => nested(2, header(name, "1"))))]),
  );
  assert.ok("isAllowed" in denied && !denied.isAllowed);
  assert.deepEqual(denied.reply.headers, []);
});

test("what is to be set and to be removed is removed; responses that are there twice are one", () => {
  const read = readCheckResponse(
    Buffer.concat([
      OK,
      nested(3, nested(2, header("X-A", "1")), nested(7, nested(1, "q"), nested(2, "1")), nested(8, "r")),
      nested(3, nested(2, header("x-b", "2")), nested(5, "x-A"), nested(8, "q"), nested(7, nested(1, "s"))),
    ]),
  );
  assert.deepEqual(read, {
    isAllowed: true,
    requestChanges: [{ action: "set", name: "x-b", value: "2" }],
    requestRemovals: ["x-a"],
    responseChanges: [],
    querySet: [["s", ""]],
    queryRemovals: ["r", "q"],
  });
});
