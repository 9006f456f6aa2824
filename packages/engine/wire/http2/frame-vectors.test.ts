import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync } from "node:fs";
import { suite, test } from "node:test";
import { errorName } from "./errors.ts";
import type { FrameEvents } from "./frame-reader.ts";
import { FrameReader } from "./frame-reader.ts";
import { readJson, sharedFolder, skipReason } from "./shared-data.suite.ts";

interface Vector {
  readonly error: number[] | null;
  readonly wire: string;
  readonly frame: {
    readonly flags: number;
    readonly stream_identifier: number;
    readonly type: number;
    readonly frame_payload: Record<string, unknown>;
  } | null;
  readonly description: string;
}

/** Writes down what a frame was read as, in the words of the vectors. */
class Recorder implements FrameEvents {
  readonly events: Record<string, unknown>[] = [];
  private data = "";

  onDataFrame(stream: number, length: number, size: number): void {
    this.events.push({ stream, length, size });
  }

  onDataChunk(bytes: Uint8Array, start: number, end: number): void {
    this.data += Buffer.from(bytes.subarray(start, end)).toString("latin1");
  }

  onDataFrameEnd(): void {
    this.events.push({ data: this.data });
  }

  onHeaderBlock(
    stream: number,
    _isLast: boolean,
    dependency: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const header_block_fragment = Buffer.from(bytes.subarray(start, end)).toString("latin1");
    this.events.push({ stream, header_block_fragment, stream_dependency: dependency });
  }

  onPriority(stream: number, dependency: number): void {
    this.events.push({ stream, stream_dependency: dependency });
  }

  onRstStream(stream: number, code: number): void {
    this.events.push({ stream, error_code: code });
  }

  onSettingsAck(): void {
    this.events.push({ ack: true });
  }

  onSettings(bytes: Uint8Array, start: number, end: number): void {
    const view = Buffer.from(bytes.subarray(start, end));
    const settings: number[][] = [];
    for (let at = 0; at < view.length; at += 6)
      settings.push([view.readUInt16BE(at), view.readUInt32BE(at + 2)]);
    this.events.push({ settings });
  }

  onPing(_isAck: boolean, bytes: Uint8Array, start: number): void {
    this.events.push({ opaque_data: Buffer.from(bytes.subarray(start, start + 8)).toString("latin1") });
  }

  onGoAway(lastStream: number, code: number): void {
    this.events.push({ last_stream_id: lastStream, error_code: code });
  }

  onWindowUpdate(stream: number, increment: number): void {
    this.events.push({ stream, window_size_increment: increment });
  }

  onUnknownFrame(): void {
    this.events.push({ unknown: true });
  }

  onStreamSizeError(stream: number): void {
    this.events.push({ stream, error: "FRAME_SIZE_ERROR" });
  }

  onConnectionError(code: number): void {
    this.events.push({ error: errorName(code) });
  }
}

/** Behind SETTINGS, which come first, and with a header block before CONTINUATION. */
function read(vector: Vector, wire: Buffer): Record<string, unknown>[] {
  const recorder = new Recorder();
  const reader = new FrameReader(8, 65_536, recorder);
  const settings = Buffer.from("000000040000000000", "hex");
  reader.read(settings, 0, settings.length);
  if (vector.frame?.type === 9) {
    const opening = Buffer.from("0000000100000000", "hex");
    const stream = Buffer.of(vector.frame.stream_identifier);
    reader.read(Buffer.concat([opening, stream]), 0, 9);
  }
  recorder.events.length = 0;
  for (let at = 0; at < wire.length; at++) reader.read(wire, at, at + 1);
  return recorder.events;
}

const skip = skipReason("http2-frames");
const folder = sharedFolder("http2-frames");

/** What a vector's payload says, as far as a codec that ignores priorities keeps it. */
const KEPT = [
  "header_block_fragment",
  "stream_dependency",
  "error_code",
  "settings",
  "opaque_data",
  "last_stream_id",
  "window_size_increment",
  "data",
];

suite("frames of http2jp/http2-frame-test-case", { skip }, () => {
  for (const kind of skip === false ? readdirSync(folder) : []) {
    for (const name of readdirSync(`${folder}/${kind}`)) {
      const vector = readJson<Vector>(`${folder}/${kind}/${name}`);
      test(`${kind}/${name}: ${vector.description}`, () => {
        const events = read(vector, Buffer.from(vector.wire, "hex"));
        if (vector.error !== null) {
          // An increment of 0 and odd ids are the session's to refuse.
          if (/window_update frame with invalid/.test(vector.description)) {
            assert.deepEqual(events, [{ stream: 1, window_size_increment: 0 }]);
            return;
          }
          const errors = events.map(({ error }) => error);
          assert.equal(errors.length, 1);
          assert.ok(vector.error.map(errorName).includes(String(errors[0])), String(errors[0]));
          return;
        }
        const { frame_payload: payload, flags, stream_identifier: stream, type } = vector.frame!;
        if (type === 5) {
          // Push is never enabled.
          assert.deepEqual(events, [{ error: "PROTOCOL_ERROR" }]);
          return;
        }
        if ((type === 1 || type === 9) && (flags & 4) === 0) {
          assert.deepEqual(events, [], "the block goes on");
          return;
        }
        const seen: Record<string, unknown> = Object.assign({}, ...events);
        let compared = 0;
        for (const key of KEPT) {
          if (payload[key] === undefined || payload[key] === null) continue;
          assert.deepEqual(seen[key], payload[key], key);
          compared++;
        }
        if (stream !== 0) assert.equal(seen["stream"], stream);
        assert.ok(compared > 0 || events.length > 0);
      });
    }
  }
});
