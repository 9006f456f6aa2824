import { Buffer } from "node:buffer";
import { Fields, LENGTH_UNKNOWN, ResponseHead } from "../../message/index.ts";
import { assembleFrame } from "./frame-text.suite.ts";
import { CLIENT_PREFACE } from "./index.ts";
import type { Http2Limits } from "./index.ts";
import { answerWith, ClientLog, requestHead, ServerLog } from "./session-recorder.suite.ts";

/**
 * Transcripts: frames in, events and frames out, as text. A file holds cases:
 *
 *   === title                the rule, with its RFC section
 *   & client GET /path       a client's session, which has opened these requests; else a server's. "POST /": without
 *                            its end. "GET /ws upgrade=websocket": an extended CONNECT
 *   & raw                    the preface and SETTINGS that come first are part of the case
 *   & limits maxStreams=2    other limits than the usual
 *   & answer text            each whole request is answered with 200 and that text
 *   & answer-refused         what is refused is answered with 400
 *   & no-upgrades, & keep    the server's options
 *   > frame                  see frame-text.suite.ts
 *   >   name value           a field of the frame's header block
 *   >* 20 frame              the frame so many times; "@" stands for 1, 3, 5 …
 *   < event                  what comes out, in order; "sent" and a frame for what is sent
 */
export interface Case {
  title: string;
  input: Buffer[];
  options: string[];
  events: string[];
}

export function parseTranscript(text: string): Case[] {
  const cases: Case[] = [];
  let line = "";
  let fields: string[] = [];
  const endFrame = () => {
    const repeated = /^\* (\d+) (.*)$/.exec(line);
    const { input } = cases[cases.length - 1] ?? { input: [] };
    if (repeated !== null) {
      for (let i = 0; i < Number(repeated[1]); i++) {
        input.push(assembleFrame(repeated[2].replace("@", String(2 * i + 1)), fields));
      }
    } else if (line !== "") {
      input.push(assembleFrame(line, fields));
    }
    line = "";
    fields = [];
  };
  for (const raw of text.split("\n")) {
    if (raw.startsWith(">   ")) {
      fields.push(raw.slice(4));
      continue;
    }
    endFrame();
    if (raw === "" || raw.startsWith("//")) continue;
    const rest = raw.slice(raw.indexOf(" ") + 1);
    const last = cases[cases.length - 1];
    if (raw.startsWith("=== ")) cases.push({ title: rest, input: [], options: [], events: [] });
    else if (raw.startsWith("& ")) last.options.push(rest);
    else if (raw.startsWith("< ")) last.events.push(rest);
    else if (raw.startsWith("> ")) line = rest;
    else if (raw.startsWith(">* ")) line = `* ${rest}`;
    else throw new Error(`not a line of a transcript: ${raw}`);
  }
  endFrame();
  return cases;
}

/** The session of a case, its first octets behind it unless they are the case's own. */
function begin(test: Case): {
  log: ServerLog | ClientLog;
  read: (bytes: Uint8Array, from: number, to: number) => void;
} {
  const option = (name: string) => test.options.find((text) => text.split(" ", 1)[0] === name);
  const limits: Record<string, number> = {};
  for (const pair of option("limits")?.split(" ").slice(1) ?? [])
    limits[pair.split("=")[0]] = Number(pair.split("=")[1]);
  const opened = test.options.filter((text) => text.startsWith("client"));
  const log = opened.length > 0 ? new ClientLog(limits as Partial<Http2Limits>) : serverOf(test, limits);
  const { session } = log;
  session.start();
  let first = assembleFrame("settings", []);
  if (log instanceof ServerLog) first = Buffer.concat([Buffer.from(CLIENT_PREFACE, "latin1"), first]);
  if (option("raw") === undefined) session.read(first, 0, first.length, 0);
  log.log.take();
  if (log instanceof ClientLog) for (const text of opened) open(log, text);
  return { log, read: (bytes, from, to) => session.read(bytes, from, to, 0) };
}

function serverOf(test: Case, limits: Partial<Http2Limits>): ServerLog {
  const option = (name: string) => test.options.find((text) => text.split(" ", 1)[0] === name);
  const log = new ServerLog(limits, {
    upgrades: option("no-upgrades") === undefined ? ["websocket"] : [],
    escapedSlashes: option("keep") === undefined ? "refuse" : "keep",
  });
  const answer = option("answer");
  if (answer !== undefined) log.answer = answerWith(answer.slice("answer ".length));
  if (option("answer-refused") !== undefined) {
    log.answerRefused = (stream) => stream.writeHead(new ResponseHead(400, new Fields(), 0), true);
  }
  return log;
}

function open(log: ClientLog, text: string): void {
  const [, method, path, ...more] = text.split(" ");
  if (method === undefined) return;
  const head = requestHead(method, path);
  head.upgrade = more.find((word) => word.startsWith("upgrade="))?.slice("upgrade=".length) ?? "";
  if (method === "POST") head.bodyLength = LENGTH_UNKNOWN;
  log.open(head, method !== "POST" && head.upgrade === "");
}

/**
 * Plays a case's input, in pieces that end at `cuts`, and returns the events. Every piece comes in the same buffer at
 * another offset, as from a socket that shares its read buffer, and is wiped afterwards.
 */
export function play(test: Case, cuts: readonly number[]): string[] {
  const { log, read } = begin(test);
  const input = Buffer.concat(test.input);
  const shared = Buffer.alloc(input.length + 64);
  let start = 0;
  [...cuts, input.length].forEach((end, index) => {
    const at = (index * 7) % 61;
    shared.fill(0x21);
    input.copy(shared, at, start, end);
    read(shared, at, at + end - start);
    start = end;
  });
  log.session.flush();
  log.log.push(log.session.isDead ? "dead" : `open streams: ${log.session.streamCount}`);
  return log.log.take();
}
