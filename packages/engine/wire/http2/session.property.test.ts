import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Fault } from "../../base/index.ts";
import { Fields, LENGTH_UNKNOWN, RequestHead, ResponseHead } from "../../message/index.ts";
import { assembleFrame } from "./frame-text.suite.ts";
import { CLIENT_PREFACE, DEFAULT_HTTP2_LIMITS, H2, Http2ClientSession, Http2ServerSession } from "./index.ts";
import type { Http2Stream, Http2Writer, ResponseStreamEvents, StreamEvents } from "./index.ts";
import { ClientLog, requestHead, ServerLog } from "./session-recorder.suite.ts";

const SEED = 20261128;
const title = (text: string) => `${text} (seed ${SEED})`;

class Pipe implements Http2Writer {
  text = "";
  writeText(text: string): void {
    this.text += text;
  }
  writeBytes(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString("latin1");
  }
  take(length: number): Buffer {
    const bytes = Buffer.from(this.text.slice(0, length), "latin1");
    this.text = this.text.slice(length);
    return bytes;
  }
}

interface Message {
  readonly pairs: [string, string][];
  readonly chunks: number[];
  readonly trailers: [string, string][];
}

/** What one side has received of a message, as text. */
class Received {
  out = "";
  body = 0;
  isOver = false;
  head(pairs: [string, string][]): void {
    this.out = JSON.stringify(pairs);
  }
  end(trailers: Fields | null): void {
    this.isOver = true;
    this.out += ` ${this.body} ${JSON.stringify(trailers?.toPairs() ?? [])}`;
  }
}

const expected = ({ pairs, chunks, trailers }: Message) =>
  `${JSON.stringify(pairs)} ${chunks.reduce((sum, size) => sum + size, 0)} ${JSON.stringify(trailers)}`;

function write(stream: Http2Stream, { chunks, trailers }: Message): void {
  for (const size of chunks) stream.writeBody(Buffer.alloc(size, "x"));
  stream.writeEnd(trailers.length > 0 ? Fields.of(trailers) : null);
}

const name = fc.constantFrom("x-a", "x-b", "content-type", "user-agent", "x-rather-long-name-of-a-field");
const value = fc.string({ unit: fc.constantFrom(..."abz09=;"), minLength: 1, maxLength: 12 });
const pairs = fc.array(fc.tuple(name, value), { maxLength: 5 });
const trailers = fc.array(fc.tuple(fc.constantFrom("x-sum", "grpc-status"), value), { maxLength: 2 });
const chunks = fc.array(fc.oneof(fc.nat(50), fc.integer({ min: 1_000, max: 40_000 })), { maxLength: 4 });
const message = fc.record({ pairs, chunks, trailers });
const exchange = fc.tuple(message, message);

test(
  title("what a client asks and a server answers arrives whole, however it is cut, and whatever waits"),
  () => {
    fc.assert(
      fc.property(
        fc.array(exchange, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 500, max: 30_000 }), { minLength: 1, maxLength: 10 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
        (exchanges, sizes, holds) => {
          const [toServer, toClient] = [new Pipe(), new Pipe()];
          const requests: Received[] = [];
          const fail = (fault: Fault) => assert.fail(fault.message);
          const common = {
            onSessionFault: fail,
            onStreamClosed: () => {},
            onGoAway: () => {},
            onPong: () => {},
            onSettings: () => {},
          };
          const server = new Http2ServerSession(
            toClient,
            DEFAULT_HTTP2_LIMITS,
            { scheme: "http", escapedSlashes: "refuse", upgrades: [] },
            {
              ...common,
              onRequest: (stream, head) => {
                const received = new Received();
                const index = Number(head.path.slice(1));
                requests[index] = received;
                received.head(head.fields.toPairs());
                const events: StreamEvents = {
                  onBody: (chunk) => {
                    received.body += chunk.length;
                  },
                  onEnd: (fields) => {
                    received.end(fields);
                    const answer = exchanges[index][1];
                    stream.writeHead(new ResponseHead(200, Fields.of(answer.pairs), LENGTH_UNKNOWN), false);
                    write(stream, answer);
                  },
                  onReadDone: () => {},
                  onDrain: () => {},
                  onReset: fail,
                };
                return events;
              },
              onRequestRefused: (_, fault) => fail(fault),
            },
          );
          const client = new Http2ClientSession(toServer, DEFAULT_HTTP2_LIMITS, common);
          server.start();
          client.start();
          const responses = exchanges.map(([request], index) => {
            const received = new Received();
            const events: ResponseStreamEvents = {
              onInformational: () => {},
              onResponse: (head, isLast) => {
                received.head(head.fields.toPairs());
                if (isLast) received.end(null);
              },
              onBody: (chunk) => {
                received.body += chunk.length;
              },
              onEnd: (fields) => received.end(fields),
              onReadDone: () => {},
              onDrain: () => {},
              onReset: fail,
            };
            const head = new RequestHead("POST", "http", "a", `/${index}`, "", Fields.of(request.pairs));
            head.bodyLength = LENGTH_UNKNOWN;
            write(client.open(head, false, events)!, request);
            return received;
          });
          for (let turn = 0; turn < 10_000 && !responses.every(({ isOver }) => isOver); turn++) {
            server.setWritable(holds[turn % holds.length] || turn % 5 === 0);
            client.flush();
            server.flush();
            for (const [pipe, session] of [
              [toServer, server],
              [toClient, client],
            ] as const) {
              const bytes = pipe.take(sizes[turn % sizes.length]);
              session.read(bytes, 0, bytes.length, 0);
              bytes.fill(0);
            }
          }
          exchanges.forEach(([request, response], index) => {
            assert.equal(requests[index].out, expected(request));
            assert.equal(responses[index].out, expected(response));
          });
          server.setWritable(true);
          assert.equal(client.streamCount, 0);
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  },
);

const kinds = [
  "get 1",
  "get 3",
  "get 5",
  "post 1",
  "post 7",
  "data 1 text=x",
  "data 3 end text=y",
  "data 7 size=300",
  "rst 1 8",
  "rst 9 0",
  "window 0 10",
  "window 1 5",
  "window 7 0",
  "settings 4=3",
  "settings ack",
  "settings 1=0",
  "ping 12345678",
  "goaway 0 0",
  "priority 1 parent=1",
  "continuation 1",
  "headers 1 end",
  "headers 9 more",
  "frame 77 0 0 00",
  "frame 0 8 1 05",
  "frame 1 41 1 0100",
  "ok 1 end",
  "data 7 pad=3 text=z",
  "hex 00ffff",
];

test(title("any frames in any order are taken or end in one GOAWAY, and never throw"), () => {
  const octets = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...kinds).map((line) => assembleFrame(line, [])) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) },
  );
  fc.assert(
    fc.property(fc.array(octets, { maxLength: 40 }), fc.boolean(), (pieces, answers) => {
      const server = new ServerLog();
      if (answers) {
        server.answer = (stream) => {
          stream.writeHead(new ResponseHead(200, new Fields(), LENGTH_UNKNOWN), false);
          stream.writeBody(Buffer.from("some text"));
          stream.writeEnd(null);
        };
      }
      server.session.start();
      const opening = Buffer.concat([Buffer.from(CLIENT_PREFACE, "latin1"), assembleFrame("settings", [])]);
      const input = Buffer.concat([opening, ...pieces]);
      for (let at = 0; at < input.length; at += 100) {
        server.session.read(input, at, Math.min(at + 100, input.length), 0);
        server.session.flush();
      }
      const lines = server.log.take();
      const faults = lines.filter((line) => line.startsWith("fault"));
      const goAways = lines.filter((line) => line.startsWith("sent goaway"));
      assert.equal(faults.length, server.session.isDead ? 1 : 0);
      assert.equal(goAways.length, faults.length);
      if (server.session.isDead) {
        assert.equal(lines.at(-1), faults[0], "nothing comes behind it");
        assert.equal(server.session.streamCount, 0);
      }
      // Each stream that was begun is closed, once, or still open.
      const ids = (word: string) =>
        lines.filter((line) => line.startsWith(word)).map((line) => line.split(" ")[1]);
      const begun = [...ids("request "), ...ids("refused ")];
      const closed = ids("closed ");
      assert.equal(new Set(closed).size, closed.length);
      assert.equal(begun.length - closed.length, server.session.streamCount);
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

const answers = [
  "ok 1",
  "ok 1 end",
  "ok 3",
  "ok 5 end",
  "data 1 text=x",
  "data 1 end text=y",
  "data 3 size=300",
  "data 3 end",
  "headers 1 end",
  "headers 3 more",
  "continuation 3",
  "rst 1 7",
  "rst 3 8",
  "rst 9 0",
  "window 0 10",
  "window 3 5",
  "window 5 0",
  "settings 3=1",
  "settings 4=0",
  "settings ack",
  "ping 12345678",
  "goaway 3 0",
  "goaway 0 2",
  "frame 5 4 1 0000000282",
  "frame 77 0 0 00",
  "hex 00ffff",
];

test(
  title("any frames that a server sends are taken or end the connection, and each stream is closed once"),
  () => {
    const octets = fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...answers).map((line) => assembleFrame(line, [])) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) },
    );
    fc.assert(
      fc.property(fc.array(octets, { maxLength: 40 }), (pieces) => {
        const client = new ClientLog();
        client.session.start();
        const first = client.open(requestHead("GET", "/"), true);
        const second = client.open(new RequestHead("POST", "http", "a", "/", "", new Fields()), false);
        client.open(requestHead("GET", "/"), true);
        assert.ok(first !== null && second !== null);
        const input = Buffer.concat([assembleFrame("settings", []), ...pieces]);
        for (let at = 0; at < input.length; at += 50) {
          client.session.read(input, at, Math.min(at + 50, input.length), 0);
          second.stream.writeBody(Buffer.from("some text"));
          client.session.flush();
        }
        const lines = client.log.take();
        const closed = lines.filter((line) => line.startsWith("closed ")).map((line) => line.split(" ")[1]);
        assert.equal(new Set(closed).size, closed.length);
        assert.equal(3 - closed.length, client.session.streamCount);
        for (const id of closed) {
          const behind = lines.slice(lines.indexOf(`closed ${id}`) + 1);
          assert.ok(
            !behind.some((line) => line.startsWith(`body ${id} `) || line.startsWith(`reset ${id} `)),
          );
        }
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  },
);

/** What an owner may do within any event, each by a number. */
function act(server: ServerLog, stream: Http2Stream, dice: number): void {
  switch (dice) {
    case 0:
      stream.writeHead(new ResponseHead(200, new Fields(), LENGTH_UNKNOWN), true);
      return;
    case 1:
      stream.writeHead(new ResponseHead(200, new Fields(), LENGTH_UNKNOWN), false);
      stream.writeBody(Buffer.alloc(30_000, "x"));
      return;
    case 2:
      stream.writeEnd(Fields.of([["grpc-status", "0"]]));
      return;
    case 3:
      stream.reset(H2.CANCEL);
      return;
    case 4:
      stream.pause();
      return;
    case 5:
      stream.resume();
      return;
    case 6:
      server.session.setWritable(false);
      return;
    case 7:
      server.session.setWritable(true);
      return;
    case 8:
      if (stream.isHeldBack) server.session.ping();
      return;
    case 9:
      server.session.drain();
      return;
    case 10:
      server.session.finishDrain();
      return;
    case 11:
      for (const other of server.streams.values()) other.writeBody(Buffer.from("to all"));
      return;
    default:
  }
}

test(
  title(
    "an owner may do anything within any event: streams are closed once, and nothing is sent behind GOAWAY",
  ),
  () => {
    const line = fc.constantFrom(
      ...kinds,
      "get 11",
      "post 13",
      "data 13 size=2000",
      "window 0 65535",
      "window 13 90000",
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: 24 }), { minLength: 1, maxLength: 30 }),
        (lines, dices) => {
          const server = new ServerLog({ maxPendingControlFrames: 5 });
          let turn = 0;
          const roll = (stream: Http2Stream): void => act(server, stream, dices[turn++ % dices.length]);
          server.answer = roll;
          server.answerRefused = roll;
          server.everyEvent = roll;
          server.session.start();
          const opening = Buffer.concat([
            Buffer.from(CLIENT_PREFACE, "latin1"),
            assembleFrame("settings", []),
          ]);
          server.session.read(opening, 0, opening.length, 0);
          for (const one of lines) {
            const bytes = assembleFrame(one, []);
            server.session.read(bytes, 0, bytes.length, 0);
            server.session.flush();
          }
          server.session.setWritable(true);
          server.session.flush();
          const log = server.log.take();
          const closed = log.filter((text) => text.startsWith("closed "));
          assert.equal(new Set(closed).size, closed.length);
          const begun = log.filter((text) => text.startsWith("request ") || text.startsWith("refused "));
          assert.equal(begun.length - closed.length, server.session.streamCount);
          // Of each stream, nothing is sent behind its end or its reset; DATA is within its windows by the peer's own count.
          for (const text of closed) {
            const id = text.split(" ")[1];
            const sent = log.filter((other) => new RegExp(`^sent (headers|data|rst) ${id}( |$)`).test(other));
            const end = sent.findIndex((other) => / end/.test(other) || other.startsWith("sent rst"));
            assert.ok(
              end < 0 || sent.slice(end + 1).every((other) => other.startsWith("sent rst")),
              sent.join(),
            );
          }
          if (!server.session.isDead) return;
          const goAway = log.findLastIndex((text) => text.startsWith("sent goaway"));
          assert.ok(!log.slice(goAway + 1).some((text) => text.startsWith("sent")), log.slice(goAway).join());
        },
      ),
      { seed: SEED, numRuns: 1_500 },
    );
  },
);
