import { Buffer } from "node:buffer";
import { Fields, LENGTH_UNKNOWN, ResponseHead } from "../../message/index.ts";
import { assembleFrame } from "./frame-text.suite.ts";
import { CLIENT_PREFACE } from "./index.ts";
import type { Http2Limits, Http2Stream } from "./index.ts";
import { ClientLog, ServerLog } from "./session-recorder.suite.ts";

/** A server's session that has had its peer's SETTINGS, with nothing noted yet. */
export class Server extends ServerLog {
  now = 0;

  constructor(limits: Partial<Http2Limits> = {}, settings: string = "settings") {
    super(limits);
    this.session.start();
    const first = Buffer.concat([Buffer.from(CLIENT_PREFACE, "latin1"), assembleFrame(settings, [])]);
    this.session.read(first, 0, first.length, 0);
    this.log.take();
  }

  /** Reads frames; returns what came of them. */
  read(...lines: string[]): string[] {
    const bytes = Buffer.concat(lines.map((line) => assembleFrame(line, [])));
    this.session.read(bytes, 0, bytes.length, this.now);
    return this.sent();
  }

  sent(): string[] {
    this.session.flush();
    return this.log.take();
  }

  stream(id: number): Http2Stream {
    return this.streams.get(id)!;
  }
}

/** The same of a client's. */
export class Client extends ClientLog {
  constructor(settings: string = "settings") {
    super();
    this.session.start();
    this.read(settings);
    this.log.take();
  }

  read(...lines: string[]): string[] {
    const bytes = Buffer.concat(lines.map((line) => assembleFrame(line, [])));
    this.session.read(bytes, 0, bytes.length, 0);
    return this.sent();
  }

  sent(): string[] {
    this.session.flush();
    return this.log.take();
  }
}

export const head = (status: number, pairs: [string, string][] = [], length = LENGTH_UNKNOWN) =>
  new ResponseHead(status, Fields.of(pairs), length);
export const text = (octets: string) => Buffer.from(octets, "latin1");
