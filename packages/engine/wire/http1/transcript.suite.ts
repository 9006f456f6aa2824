import { Buffer } from "node:buffer";
import type { Fault } from "../../base/index.ts";
import type { Fields, RequestHead, ResponseHead } from "../../message/index.ts";
import { LENGTH_UNKNOWN } from "../../message/index.ts";
import type { Http1Limits } from "./index.ts";
import { RequestReader, ResponseReader } from "./index.ts";

/**
 * Transcripts: bytes in, events out, as text. A file holds cases:
 *
 *   === title                    the rule, with its RFC section or threat number
 *   & expect GET                 a response is expected next (method, upgrade); makes it a case of responses
 *   & limits maxFields=2         other limits than the usual
 *   & https, & keep              the connection's scheme; escapedSlashes "keep"
 *   & once, & tunnel             behind the first message: nothing more is read, or everything is tunnel octets
 *   > text                       a line of input, CRLF at its end
 *   >> text                      input as it stands; both know \r \n \t \0 \\ and \xHH
 *   >* 20 text                   the text so many times
 *   & finish                     the connection ends
 *   < event                      what comes out, in order; chunks of a body are merged
 */
export interface Case {
  title: string;
  input: string;
  options: string[];
  events: string[];
}

export function parseTranscript(text: string): Case[] {
  const cases: Case[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [mark] = line.split(" ", 1);
    const rest = line.slice(mark.length + 1);
    const last = cases[cases.length - 1];
    if (mark === "===") cases.push({ title: rest, input: "", options: [], events: [] });
    else if (mark === ">") last.input += `${unescape(rest)}\r\n`;
    else if (mark === ">>") last.input += unescape(rest);
    else if (mark === ">*") last.input += repeated(rest);
    else if (mark === "&") last.options.push(rest);
    else if (mark === "<") last.events.push(rest);
    else throw new Error(`not a line of a transcript: ${line}`);
  }
  return cases;
}

function repeated(text: string): string {
  const [count] = text.split(" ", 1);
  return unescape(text.slice(count.length + 1)).repeat(Number(count));
}

function unescape(text: string): string {
  const named: Record<string, string> = { r: "\r", n: "\n", t: "\t", 0: "\0", "\\": "\\" };
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, name: string) =>
    hex === undefined ? named[name] : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

export const LIMITS: Http1Limits = { maxHeadBytes: 4_096, maxFields: 20, maxTargetBytes: 1_024 };

/** Writes down what a reader says. */
export class Recorder {
  readonly events: string[] = [];
  private body = "";

  push(event: string): void {
    if (this.body !== "") this.events.push(`body ${JSON.stringify(this.body)}`);
    this.body = "";
    this.events.push(event);
  }

  /** The events in ASCII, as they stand in a file. */
  finish(state: string): string[] {
    this.push(`state ${state}`);
    const escape = (c: string) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
    return this.events.map((event) => event.replace(/[^ -~]/g, escape));
  }

  pushFields(fields: Fields, kind: string): void {
    for (const [name, value] of fields.toPairs()) this.push(`${kind} ${name}: ${value}`);
  }

  onRequestHead(head: RequestHead, isLast: boolean, keepAlive: boolean): void {
    const { method, scheme, authority, path, query } = head;
    this.push(
      words(`request ${method} ${scheme}://${authority}${path === "*" ? " " : ""}${path}${query}`, [
        head.version === 10 && "HTTP/1.0",
        lengthWord(head.bodyLength),
        isLast && "last",
        keepAlive ? "keep-alive" : "close",
        head.upgrade !== "" && `upgrade=${head.upgrade}`,
        head.expectsContinue && "expects-continue",
        head.acceptsTrailers && "accepts-trailers",
      ]),
    );
    this.pushFields(head.fields, "field");
  }

  onRequestBody(chunk: Uint8Array): void {
    this.body += Buffer.from(chunk).toString("latin1");
  }

  onRequestEnd(trailers: Fields | null): void {
    this.push("end");
    if (trailers !== null) this.pushFields(trailers, "trailer");
  }

  onRequestMalformed(fault: Fault): void {
    this.push(`refused ${fault.code}: ${fault.message}`);
  }

  onInformational(head: ResponseHead): void {
    this.push(`informational ${head.status}`);
    this.pushFields(head.fields, "field");
  }

  onResponseHead(head: ResponseHead, isLast: boolean, keepAlive: boolean): void {
    this.push(
      words(`response ${head.status}`, [
        head.reason !== "" && JSON.stringify(head.reason),
        head.version === 10 && "HTTP/1.0",
        lengthWord(head.bodyLength),
        isLast && "last",
        keepAlive ? "keep-alive" : "close",
      ]),
    );
    this.pushFields(head.fields, "field");
  }

  onResponseBody(chunk: Uint8Array): void {
    this.onRequestBody(chunk);
  }

  onResponseEnd(trailers: Fields | null): void {
    this.onRequestEnd(trailers);
  }

  onResponseMalformed(fault: Fault): void {
    this.onRequestMalformed(fault);
  }
}

function lengthWord(length: number): string {
  return length === LENGTH_UNKNOWN ? "length=unknown" : `length=${length}`;
}

function words(first: string, more: (string | false)[]): string {
  return [first, ...more.filter((word) => word !== false)].join(" ");
}

/**
 * Plays a case's input, in pieces that end at `cuts`, and returns the events. Every piece comes in the same buffer
 * at another offset, as from a socket that shares its read buffer, and is wiped afterwards.
 */
export function play(test: Case, cuts: readonly number[]): string[] {
  const recorder = new Recorder();
  const option = (name: string) => test.options.find((text) => text.split(" ", 1)[0] === name);
  const limits: Record<string, number> = { ...(LIMITS as unknown as Record<string, number>) };
  for (const pair of option("limits")?.split(" ").slice(1) ?? []) {
    limits[pair.split("=")[0]] = Number(pair.split("=")[1]);
  }
  const bounds = limits as unknown as Http1Limits;
  const expected = test.options.filter((text) => text.startsWith("expect "));
  const input = Buffer.from(test.input, "latin1");
  const shared = Buffer.alloc(input.length + 64);
  const pieces = [...cuts, input.length];

  let reader: RequestReader | ResponseReader;
  let next: () => boolean;
  if (expected.length > 0) {
    const responses = (reader = new ResponseReader(bounds, recorder));
    next = () => {
      if (responses.state !== "idle" && responses.state !== "done") return false;
      const [, method, upgrade = ""] = expected.shift()?.split(" ") ?? [];
      if (method === undefined) return false;
      responses.expect(method, upgrade);
      return true;
    };
    next();
  } else {
    const scheme = option("https") === undefined ? "http" : "https";
    const requests = (reader = new RequestReader(
      bounds,
      scheme,
      option("keep") === undefined ? "refuse" : "keep",
      ["websocket"],
      recorder,
    ));
    next = () => {
      if (requests.state !== "done" || option("once") !== undefined) return false;
      requests.next();
      return true;
    };
  }

  let start = 0;
  let unread = "";
  pieces.forEach((end, index) => {
    let at = (index * 7) % 61;
    const stop = at + end - start;
    shared.fill(0x21);
    input.copy(shared, at, start, end);
    start = end;
    while (at < stop) {
      if (unread !== "") break;
      if (reader.state === "done") {
        if (option("tunnel") !== undefined) reader.startTunnel();
        else if (!next()) break;
      }
      const from = at;
      at = reader.read(shared, at, stop);
      if (at === from && reader.state !== "done") break;
    }
    unread += shared.toString("latin1", at, stop);
  });
  if (option("finish") !== undefined && reader instanceof ResponseReader) reader.finish();
  if (unread !== "" && reader.state !== "dead") recorder.push(`unread ${JSON.stringify(unread)}`);
  return recorder.finish(reader.state);
}
