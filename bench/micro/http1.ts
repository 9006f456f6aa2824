/**
 * What the HTTP/1.1 codec costs by itself: nanoseconds of CPU time (garbage collection's threads
 * included) per head, parsed and encoded, median of rounds.
 *
 *   node bench/micro/http1.ts [rounds]
 *
 * Heads are parsed out of one buffer, as from a socket's read; what comes out is summed up, so that nothing is
 * optimised away. Encoding includes the copy into a buffer that a write needs.
 */
import { RequestHead, ResponseHead } from "@heddle/engine/message";
import {
  encodeRequestHead,
  encodeResponseHead,
  RequestReader,
  ResponseReader,
} from "@heddle/engine/wire/http1";

const REQUEST =
  "GET /api/catalog/items/1729?expand=price,stock&lang=en HTTP/1.1\r\n" +
  "Host: shop.example.com\r\n" +
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
  "Accept: application/json, text/plain, */*\r\n" +
  "Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n" +
  "Accept-Encoding: gzip, deflate, br, zstd\r\n" +
  "Referer: https://shop.example.com/catalog\r\n" +
  "Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark\r\n" +
  "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n" +
  "X-Request-Id: 7b9f1f0e-8a43-4a8e-9a70-2f3c1e2d4b5a\r\n" +
  "Connection: keep-alive\r\n\r\n";

const SMALL_REQUEST = "GET /json HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

const RESPONSE =
  "HTTP/1.1 200 OK\r\n" +
  "Server: nginx/1.22.1\r\n" +
  "Date: Tue, 24 Nov 2026 03:21:39 GMT\r\n" +
  "Content-Type: application/json; charset=utf-8\r\n" +
  "Content-Length: 110\r\n" +
  "Connection: keep-alive\r\n" +
  'ETag: W/"6e-3f2a8c1d"\r\n' +
  "Cache-Control: private, max-age=0\r\n" +
  "Vary: Accept-Encoding\r\n\r\n";

const BATCH = 20_000;
const LIMITS = { maxHeadBytes: 61_440, maxFields: 100, maxTargetBytes: 16_384 };
const rounds = Number(process.argv[2] ?? 15);

function measure(name: string, run: (count: number) => number): void {
  let sum = run(BATCH);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage();
    sum += run(BATCH);
    const { user, system } = process.cpuUsage(start);
    times.push(((user + system) * 1_000) / BATCH);
  }
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1].toFixed(0);
  console.log(`${name.padEnd(28)} ${median.padStart(6)} ns/op   best ${times[0].toFixed(0)}   (${sum % 10})`);
}

let requestHead = new RequestHead("", "http", "", "", "", new ResponseHead(200, null!).fields);
let responseHead = new ResponseHead(200, null!);

function parseRequests(text: string): (count: number) => number {
  const bytes = Buffer.from(`....${text}`, "latin1");
  const reader = new RequestReader(LIMITS, "http", "refuse", ["websocket"], {
    onRequestHead: (head) => (requestHead = head),
    onRequestBody: () => {},
    onRequestEnd: () => {},
    onRequestMalformed: (fault) => {
      throw new Error(fault.message);
    },
  });
  return (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += reader.read(bytes, 4, bytes.length) + requestHead.path.length;
      reader.next();
    }
    return sum;
  };
}

function parseResponses(text: string): (count: number) => number {
  const bytes = Buffer.from(text + "x".repeat(110), "latin1");
  const reader = new ResponseReader(LIMITS, {
    onInformational: () => {},
    onResponseHead: (head) => (responseHead = head),
    onResponseBody: () => {},
    onResponseEnd: () => {},
    onResponseMalformed: (fault) => {
      throw new Error(fault.message);
    },
  });
  return (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      reader.expect("GET", "");
      sum += reader.read(bytes, 0, bytes.length) + responseHead.status;
    }
    return sum;
  };
}

const out = Buffer.allocUnsafeSlow(4_096);
const write = (text: string): number => out.write(text, 0, "latin1");

measure("parse request, 10 fields", parseRequests(REQUEST));
const bigRequest = requestHead;
measure("parse request, 1 field", parseRequests(SMALL_REQUEST));
measure("parse response, 8 fields", parseResponses(RESPONSE));

const encodeRequests = (count: number): number => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += write(encodeRequestHead(bigRequest));
  return sum;
};
const encodeResponses = (count: number): number => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += write(encodeResponseHead(responseHead, "GET", 11, true));
  return sum;
};
measure("encode request + write", encodeRequests);
measure("encode response + write", encodeResponses);
measure("parse + add + encode", (count) => {
  const parse = parseRequests(REQUEST);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += parse(1);
    requestHead.fields.addTrusted("x-forwarded-for", "192.0.2.7");
    sum += write(encodeRequestHead(requestHead));
  }
  return sum;
});
