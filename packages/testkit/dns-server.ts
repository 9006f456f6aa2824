import dgram from "node:dgram";
import { once } from "node:events";

/** A record of a name: its addresses, of both families as they come. */
export interface DnsRecord {
  readonly addresses: readonly string[];
  /** Seconds; default 1. */
  readonly ttl?: number;
}

/** A DNS server (RFC 1035, over UDP) for A and AAAA records on loopback. */
export interface DnsServer {
  /** "127.0.0.1:PORT" */
  readonly address: string;
  /** Changed by the test at any time. Names that are not here do not exist. */
  readonly records: Map<string, DnsRecord>;
  /** Names asked for, in their order, with the type of the record. */
  readonly questions: string[];
  /** Asked, and says nothing. */
  isSilent: boolean;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const TYPE_A = 1;
const TYPE_AAAA = 28;
const NO_SUCH_NAME = 3;

export async function openDnsServer(records: Record<string, DnsRecord> = {}): Promise<DnsServer> {
  const socket = dgram.createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    records: new Map(Object.entries(records)),
    questions: [],
    isSilent: false,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
    [Symbol.asyncDispose]: () => server.close(),
  };
  socket.on("message", (query, { port, address }) => {
    const { name, type, end } = readQuestion(query);
    server.questions.push(`${name} ${type === TYPE_A ? "A" : "AAAA"}`);
    if (!server.isSilent) socket.send(answer(query, end, type, server.records.get(name)), port, address);
  });
  return server;
}

/** RFC 1035 section 4.1.2: labels, then type and class. */
function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function answer(query: Buffer, end: number, type: number, record: DnsRecord | undefined): Buffer {
  const fitting = (record?.addresses ?? []).filter((one) => one.includes(":") === (type === TYPE_AAAA));
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  // A response, recursion desired and available.
  head.writeUInt16BE(0x8180 | (record === undefined ? NO_SUCH_NAME : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(fitting.length, 6);
  const answers = fitting.map((address) => {
    const data = type === TYPE_A ? Buffer.from(address.split(".").map(Number)) : ipv6(address);
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc00c, 0); // the name of the question
    fixed.writeUInt16BE(type, 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt32BE(record!.ttl ?? 1, 6);
    fixed.writeUInt16BE(data.length, 10);
    return Buffer.concat([fixed, data]);
  });
  return Buffer.concat([head, query.subarray(12, end), ...answers]);
}

function ipv6(address: string): Buffer {
  const [before = "", after = ""] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((group) => parseInt(group, 16)));
  const [first, last] = [groups(before), groups(after)];
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  const bytes = Buffer.alloc(16);
  for (const [at, group] of all.entries()) bytes.writeUInt16BE(group, at * 2);
  return bytes;
}
