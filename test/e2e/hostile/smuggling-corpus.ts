/** Requests that two readers could frame in two ways. `SMUGGLED` marks what must not become a request. */
export interface FramingCase {
  name: string;
  bytes: string;
  /** Statuses that are right; each comes with the end of the connection. Default 400. */
  statuses?: readonly number[];
}

const smuggled = "GET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n";
const post = (fields: string, body: string = `0\r\n\r\n${smuggled}`) =>
  `POST /x HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`;

const transferEncodings: readonly [name: string, field: string][] = [
  ["identity", "Transfer-Encoding: identity"],
  ["chunked last of two", "Transfer-Encoding: gzip, chunked"],
  ["chunked twice", "Transfer-Encoding: chunked, chunked"],
  ["chunked first", "Transfer-Encoding: chunked, identity"],
  ["two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"],
  ["two fields, the same", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"],
  ["a prefix", "Transfer-Encoding: xchunked"],
  ["quoted", 'Transfer-Encoding: "chunked"'],
  ["a parameter", "Transfer-Encoding: chunked;x=1"],
  ["a comma behind", "Transfer-Encoding: chunked,"],
  ["a comma before", "Transfer-Encoding: ,chunked"],
  ["empty", "Transfer-Encoding: "],
  ["space before the colon", "Transfer-Encoding : chunked"],
  ["tab before the colon", "Transfer-Encoding\t: chunked"],
  ["vertical tab", "Transfer-Encoding: \x0bchunked"],
  ["form feed", "Transfer-Encoding: \x0cchunked"],
  ["NUL", "Transfer-Encoding: chunked\0"],
  ["folded", "Transfer-Encoding:\r\n chunked"],
  ["space before the name", " Transfer-Encoding: chunked"],
  ["high octet in the value", "Transfer-Encoding: \xffchunked"],
  ["long s of another script", "Transfer-Encoding: \xc5\xbfchunked"],
  ["underscore in the name", "Transfer_Encoding: chunked"],
  ["bare CR before it", "X: x\rTransfer-Encoding: chunked"],
  ["bare LF before it", "X: x\nTransfer-Encoding: chunked"],
  ["no colon", "Transfer-Encoding chunked"],
];

const contentLengths: readonly [name: string, field: string][] = [
  ["twice, different", "Content-Length: 0\r\nContent-Length: 36"],
  ["twice, the same", "Content-Length: 5\r\ncontent-length: 5"],
  ["a list of the same", "Content-Length: 5, 5"],
  ["empty", "Content-Length: "],
  ["plus", "Content-Length: +5"],
  ["minus", "Content-Length: -1"],
  ["hexadecimal", "Content-Length: 0x5"],
  ["exponent", "Content-Length: 1e1"],
  ["a leading zero", "Content-Length: 05"],
  ["a space inside", "Content-Length: 1 0"],
  ["a fraction", "Content-Length: 5.0"],
  ["over 2^64", "Content-Length: 18446744073709551621"],
  ["over 2^53", "Content-Length: 9007199254740993"],
  ["space before the colon", "Content-Length : 5"],
  ["folded", "Content-Length:\r\n 5"],
  ["underscore in the name", "Content_Length: 5"],
  ["a number of another script", "Content-Length: \xb2"],
];

const chunkedBodies: readonly [name: string, body: string][] = [
  ["a size with 0x", `0x5\r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a size with a sign", `+5\r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a size of 17 digits", `00000000000000005\r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a size over 2^64", `10000000000000005\r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["an empty size", `\r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a bare LF behind the size", `5\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a bare LF behind the data", `5\r\nhello\n0\r\n\r\n${smuggled}`],
  ["a bare CR behind the size", `5\rhello\r\n0\r\n\r\n${smuggled}`],
  ["data longer than the size", `5\r\nhelloXX\r\n0\r\n\r\n${smuggled}`],
  ["a bare LF in an extension (TERM.EXT)", `5;x=1\nxx\r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a bare CR in an extension", `5;x\ry\r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a space before the size", ` 5\r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a space behind the size", `5 \r\nhello\r\n0\r\n\r\n${smuggled}`],
  ["a bare LF at the end", `0\r\n\n${smuggled}`],
  ["content-length as a trailer", `0\r\nContent-Length: 36\r\n\r\n${smuggled}`],
  ["transfer-encoding as a trailer", `0\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`],
  ["a trailer without a colon", `0\r\nGET /SMUGGLED HTTP/1.1\r\n\r\n`],
];

const lines: readonly FramingCase[] = [
  { name: "bare LF behind the request line", bytes: `GET /x HTTP/1.1\nHost: a\r\n\r\n${smuggled}` },
  { name: "bare LF ends the head", bytes: `GET /x HTTP/1.1\r\nHost: a\n\n${smuggled}` },
  { name: "bare CR in the target", bytes: `GET /x\rGET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n` },
  { name: "two spaces", bytes: `GET  /x HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}` },
  { name: "space in the target", bytes: `GET /x HTTP/1.1 /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n` },
  { name: "no version", bytes: `GET /x\r\nHost: a\r\n\r\n${smuggled}` },
  { name: "HTTP/1.2", bytes: `GET /x HTTP/1.2\r\nHost: a\r\n\r\n${smuggled}`, statuses: [400, 505] },
  {
    name: "a preface of HTTP/2 that is none",
    bytes: `PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n${smuggled}`,
    statuses: [400, 505],
  },
  { name: "HTTP/2.0", bytes: `GET /x HTTP/2.0\r\nHost: a\r\n\r\n${smuggled}`, statuses: [400, 505] },
  { name: "HTTP/0.9", bytes: `GET /SMUGGLED\r\n\r\n` },
  { name: "a lower-case version", bytes: `GET /x http/1.1\r\nHost: a\r\n\r\n${smuggled}` },
  { name: "two empty lines first", bytes: `\r\n\r\n\r\nGET /SMUGGLED HTTP/1.1\r\nHost: a\r\n\r\n` },
  { name: "a NUL in a value", bytes: `GET /x HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n${smuggled}` },
  { name: "an empty name", bytes: `GET /x HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n${smuggled}` },
  { name: "a fold", bytes: `GET /x HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n${smuggled}` },
  {
    name: "CONNECT",
    bytes: `CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n${smuggled}`,
    statuses: [400, 405, 501],
  },
];

/** Every one of them is to be refused: nothing of it may reach an upstream. */
export const refusedHeads: readonly FramingCase[] = [
  { name: "CL.TE", bytes: post("Content-Length: 6\r\nTransfer-Encoding: chunked") },
  { name: "TE.CL", bytes: post("Transfer-Encoding: chunked\r\nContent-Length: 4") },
  { name: "CL.TE with a zero length", bytes: post("Content-Length: 0\r\nTransfer-Encoding: chunked") },
  {
    name: "transfer-encoding in HTTP/1.0",
    bytes: `POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  },
  ...transferEncodings.map(([name, field]) => ({
    name: `transfer-encoding, ${name}`,
    bytes: post(field),
    statuses: [400, 501],
  })),
  ...transferEncodings.map(([name, field]) => ({
    name: `content-length and transfer-encoding, ${name}`,
    bytes: post(`Content-Length: 5\r\n${field}`),
    statuses: [400, 501],
  })),
  ...contentLengths.map(([name, field]) => ({ name: `content-length, ${name}`, bytes: post(field) })),
  ...lines,
];

/** Chunked bodies that break off: the head may have been forwarded, what follows the break may not. */
export const brokenBodies: readonly FramingCase[] = chunkedBodies.map(([name, body]) => ({
  name: `chunked body, ${name}`,
  bytes: post("Transfer-Encoding: chunked", body),
}));
