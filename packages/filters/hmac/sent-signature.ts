import type { RequestHead } from "@heddle/engine/message";
import type { HmacConfig } from "./config.ts";

/** What a request says of its signature. */
export interface SentSignature {
  /** One of them has to be right: senders that change their secret send one by each. */
  readonly signatures: readonly Buffer[];
  /** As it is written; "" where none is asked for. */
  readonly timestamp: string;
}

/** More of them are nobody's honest request. */
const maxSignatures = 4;

const forms = { hex: /^[0-9a-fA-F]+$/, base64: /^[A-Za-z0-9+/]+={0,2}$/ } as const;
const lengths = { sha256: 32, sha512: 64 } as const;

/** Undefined: it has none. Null: it is malformed. */
export function readSignature(request: RequestHead, config: HmacConfig): SentSignature | null | undefined {
  const values = request.fields.getAll(config.header);
  if (values.length === 0) return undefined;
  if (values.length > 1) return null;
  const sent = partsBehind(values[0], config.prefix);
  if (sent.length === 0 || sent.length > maxSignatures) return null;
  const signatures = sent.map((text) => decode(text, config));
  const timestamp = readTimestamp(request, config);
  if (timestamp === null || signatures.some((one) => one === null)) return null;
  return { signatures: signatures as Buffer[], timestamp };
}

/** Parts stand with commas between, or blanks where the prefix itself has a comma. */
function partsBehind(value: string, prefix: string): string[] {
  if (prefix === "") return [value.trim()];
  const parts = value.split(prefix.includes(",") ? " " : ",").map((part) => part.trim());
  return parts.filter((part) => part.startsWith(prefix)).map((part) => part.slice(prefix.length));
}

function decode(text: string, { encoding, hash }: HmacConfig): Buffer | null {
  if (!forms[encoding].test(text)) return null;
  const octets = Buffer.from(text, encoding);
  return octets.length === lengths[hash] ? octets : null;
}

function readTimestamp(request: RequestHead, { timestamp }: HmacConfig): string | null {
  if (timestamp === null) return "";
  const values = request.fields.getAll(timestamp.header);
  const found = values.length === 1 ? partsBehind(values[0], timestamp.prefix) : [];
  return found.length === 1 && /^[0-9]{1,12}$/.test(found[0]) ? found[0] : null;
}
