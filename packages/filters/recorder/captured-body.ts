import { copyBytes } from "@heddle/engine/base";
import type { Room } from "./room.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A body as it is recorded. */
export interface RecordedBody {
  readonly bytes: number;
  readonly text?: string;
  readonly base64?: string;
  readonly isTruncated: boolean;
}

/** The beginning of a body, while it passes. */
export class CapturedBody {
  private readonly room: Room;
  private readonly maxBytes: number;
  private readonly chunks: Uint8Array[] = [];
  private kept = 0;
  private total = 0;

  constructor(room: Room, maxBytes: number) {
    this.room = room;
    this.maxBytes = maxBytes;
  }

  add(bytes: Uint8Array): void {
    this.total += bytes.length;
    const more = Math.min(bytes.length, this.maxBytes - this.kept);
    // Once something was left out, nothing behind it is kept.
    if (more <= 0 || this.total - bytes.length > this.kept || !this.room.take(more)) return;
    this.chunks.push(copyBytes(bytes.subarray(0, more)));
    this.kept += more;
  }

  /** Ends it and gives its room back. */
  finish(): RecordedBody {
    const bytes = Buffer.concat(this.chunks);
    this.room.give(this.kept);
    this.chunks.length = 0;
    const isTruncated = this.total > this.kept;
    return { bytes: this.total, ...contentOf(bytes), isTruncated };
  }
}

/** As text where it is UTF-8. */
function contentOf(bytes: Buffer): { text: string } | { base64: string } | object {
  if (bytes.length === 0) return {};
  try {
    return { text: decoder.decode(bytes) };
  } catch {
    return { base64: bytes.toString("base64") };
  }
}
