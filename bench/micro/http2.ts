/**
 * What the HTTP/2 codec costs by itself: nanoseconds of CPU time (garbage collection's threads included) per request
 * with its response, median of rounds.
 *
 *   node bench/micro/http2.ts [rounds]
 *
 * A server's session reads ten requests at a time out of one buffer, as from a socket's read with ten streams, and
 * answers each; what it writes is copied into a buffer, as a connection's write does it. Requests are what a client
 * sends once its table is warm: h2load's octets (nghttp2, the path in Huffman code), and what our own client sends
 * for a browser's and for gRPC's heads.
 */
import { Fields, LENGTH_UNKNOWN, RequestHead, ResponseHead } from "@heddle/engine/message";
import { encodeRequestHead, ResponseReader } from "@heddle/engine/wire/http1";
import {
  CLIENT_PREFACE,
  DEFAULT_HTTP2_LIMITS,
  Http2ClientSession,
  Http2ServerSession,
} from "@heddle/engine/wire/http2";
import type { Http2Stream, ResponseStreamEvents } from "@heddle/engine/wire/http2";

const BATCH = 20_000;
const STREAMS = 10;
const rounds = Number(process.argv[2] ?? 15);

const BODY = "x".repeat(110);
const RESPONSE =
  "HTTP/1.1 200 OK\r\n" +
  "Server: nginx/1.22.1\r\n" +
  "Date: Tue, 24 Nov 2026 03:21:39 GMT\r\n" +
  "Content-Type: application/json; charset=utf-8\r\n" +
  "Content-Length: 110\r\n" +
  "Connection: keep-alive\r\n" +
  'ETag: W/"6e-3f2a8c00"\r\n' +
  "Cache-Control: private, max-age=0\r\n" +
  `Vary: Accept-Encoding\r\n\r\n${BODY}`;

const H2LOAD_FIRST = "8286 418a089d5c0b8170dc780f03 048463a20f57 7a8f9c541c722954d3a5358980aed89707";
const H2LOAD_NEXT = "8286 bf 048463a20f57 be";

const BROWSER: [string, string][] = [
  ["sec-ch-ua-platform", '"Linux"'],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"],
  ["sec-ch-ua", '"Chromium";v="140", "Not=A?Brand";v="24"'],
  ["sec-ch-ua-mobile", "?0"],
  ["accept", "application/json, text/plain, */*"],
  ["sec-fetch-site", "same-origin"],
  ["sec-fetch-mode", "cors"],
  ["sec-fetch-dest", "empty"],
  ["referer", "https://shop.example.com/catalog"],
  ["accept-encoding", "gzip, deflate, br, zstd"],
  ["accept-language", "en-GB,en;q=0.7,de;q=0.3"],
  ["cookie", "session=8f14e45fceea167a5a36dedd4bea2543"],
  ["cookie", "theme=dark"],
  ["priority", "u=1, i"],
];

function browserHead(i: number): RequestHead {
  const query = `?expand=price,stock&lang=en&page=${i}`;
  return new RequestHead(
    "GET",
    "http",
    "shop.example.com",
    "/api/catalog/items/1729",
    query,
    Fields.of(BROWSER),
  );
}

function grpcHead(i: number): RequestHead {
  const fields = Fields.of([
    ["content-type", "application/grpc"],
    ["user-agent", "grpc-go/1.76.0"],
    ["grpc-timeout", `${4_980 + i}m`],
  ]);
  const head = new RequestHead("POST", "http", "catalog.shop:50051", "/shop.v1.Catalog/GetItem", "", fields);
  head.bodyLength = LENGTH_UNKNOWN;
  head.acceptsTrailers = true;
  return head;
}

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
  console.log(`${name.padEnd(40)} ${median.padStart(6)} ns/op   best ${times[0].toFixed(0)}   (${sum % 10})`);
}

/** Gathers what is written, and copies it out at a flush. */
class Gathered {
  private text = "";
  private readonly out = Buffer.allocUnsafeSlow(131_072);

  writeText(text: string): void {
    this.text += text;
  }

  writeBytes(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  }

  flush(): number {
    const { text } = this;
    this.text = "";
    return this.out.write(text, 0, "latin1");
  }

  take(): Buffer {
    const { text } = this;
    this.text = "";
    return Buffer.from(text, "latin1");
  }
}

const fail = (fault: { message: string }): never => {
  throw new Error(fault.message);
};
const QUIET = {
  onSessionFault: fail,
  onStreamClosed: () => {},
  onGoAway: () => {},
  onPong: () => {},
  onSettings: () => {},
};
const OWNER: ResponseStreamEvents = {
  onInformational: () => {},
  onResponse: () => {},
  onBody: () => {},
  onEnd: () => {},
  onReadDone: () => {},
  onDrain: () => {},
  onReset: fail,
};

/** Frames of one read; ids are written over. */
interface Requests {
  /** What a connection begins with, and as many requests as make the table warm. */
  readonly opening: Buffer;
  readonly next: Buffer[];
}

function fromH2load(): Requests {
  const frame = (hex: string, id: number): Buffer => {
    const block = Buffer.from(hex.replaceAll(" ", ""), "hex");
    return Buffer.concat([Buffer.of(0, 0, block.length, 1, 5, 0, 0, 0, id), block]);
  };
  const settings = Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0);
  return {
    opening: Buffer.concat([Buffer.from(CLIENT_PREFACE, "latin1"), settings, frame(H2LOAD_FIRST, 1)]),
    next: Array.from({ length: STREAMS }, () => frame(H2LOAD_NEXT, 1)),
  };
}

function fromClient(head: (i: number) => RequestHead): Requests {
  const sent = new Gathered();
  const client = new Http2ClientSession(sent, DEFAULT_HTTP2_LIMITS, QUIET);
  client.start();
  const open = (i: number): void => {
    client.open(head(i), true, OWNER);
  };
  for (let i = 0; i < 3; i++) open(i);
  const opening = sent.take();
  const next = Array.from({ length: STREAMS }, (_, i) => {
    open(i);
    return sent.take();
  });
  return { opening, next };
}

type Answer = (stream: Http2Stream, head: RequestHead) => number;

function serve({ opening, next }: Requests, answer: Answer): (count: number) => number {
  const sent = new Gathered();
  let sum = 0;
  const session = new Http2ServerSession(
    sent,
    DEFAULT_HTTP2_LIMITS,
    { scheme: "http", escapedSlashes: "refuse", upgrades: ["websocket"] },
    {
      ...QUIET,
      onRequestRefused: (_, fault) => fail(fault),
      onRequest: (stream, head) => {
        sum += answer(stream, head);
        return OWNER;
      },
    },
  );
  session.start();
  session.read(opening, 0, opening.length, 0);
  session.flush();
  sent.flush();
  // The client opens the connection's window, as it does for what it has read.
  const bytes = Buffer.concat([...next, Buffer.of(0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0x10, 0)]);
  const ids = next.map((_, i) => next.slice(0, i).reduce((at, { length }) => at + length, 5));
  let id = 101;
  let now = 0;
  return (count) => {
    for (let i = 0; i < count; i += STREAMS) {
      for (const at of ids) {
        bytes.writeUInt32BE(id, at);
        id += 2;
      }
      now += 20;
      session.read(bytes, 0, bytes.length, now);
      session.flush();
      sum += sent.flush();
    }
    return sum;
  };
}

const NOTHING = new ResponseHead(204, new Fields());
const answerNothing: Answer = (stream, head) => {
  stream.writeHead(NOTHING, true);
  return head.path.length;
};

const out = Buffer.allocUnsafeSlow(8_192);
const passOn: Answer = (stream, head) => {
  stream.writeHead(NOTHING, true);
  head.fields.addTrusted("x-forwarded-for", "192.0.2.7");
  return out.write(encodeRequestHead(head), 0, "latin1");
};

let response = NOTHING;
const reader = new ResponseReader(
  { maxHeadBytes: 61_440, maxFields: 100, maxTargetBytes: 0 },
  {
    onInformational: () => {},
    onResponseHead: (head) => {
      response = head;
    },
    onResponseBody: () => {},
    onResponseEnd: () => {},
    onResponseMalformed: fail,
  },
);
const body = Buffer.from(BODY, "latin1");
const responses = Array.from({ length: 90 }, (_, i) =>
  Buffer.from(RESPONSE.replace("3f2a8c00", `3f2a8c${i + 10}`), "latin1"),
);
let turn = 0;
const answerFrom =
  (count: number): Answer =>
  (stream) => {
    const bytes = responses[turn++ % count];
    reader.expect("GET", "");
    reader.read(bytes, 0, bytes.length);
    stream.writeHead(response, false);
    stream.writeBody(body);
    stream.writeEnd(null);
    return 1;
  };

measure("h2load request, empty answer", serve(fromH2load(), answerNothing));
measure("browser request, empty answer", serve(fromClient(browserHead), answerNothing));
measure("gRPC request, empty answer", serve(fromClient(grpcHead), answerNothing));
measure("h2load request to HTTP/1.1", serve(fromH2load(), passOn));
measure("browser request to HTTP/1.1", serve(fromClient(browserHead), passOn));
measure("h2load, HTTP/1.1 response, the same", serve(fromH2load(), answerFrom(1)));
measure("h2load, HTTP/1.1 response, another ETag", serve(fromH2load(), answerFrom(90)));
