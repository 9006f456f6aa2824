/**
 * What tests of several packages share: backends that tell what they saw, raw connections, certificates, a clock
 * that stands still, the whole product as a process, and checks that nothing was left open.
 * Everything opened has `close()` and works with `await using`.
 */
export { AcmeServer } from "./acme-server.ts";
export type { AcmeOrderRecord, AcmeProblem, AcmeServerOptions } from "./acme-server.ts";
export { makeCertificateAuthority } from "./certificates.ts";
export type { IssuedCertificate, IssueOptions, TestCertificateAuthority } from "./certificates.ts";
export { measureCpuMs } from "./cpu-time.ts";
export { openDnsServer } from "./dns-server.ts";
export type { DnsRecord, DnsServer } from "./dns-server.ts";
export { openEchoServer } from "./echo-server.ts";
export type { Echo, EchoServer, EchoServerOptions } from "./echo-server.ts";
export { FakeClock } from "./fake-clock.ts";
export { startHeddle } from "./heddle-process.ts";
export type { ProcessEnd, RunningHeddle, StartHeddleOptions } from "./heddle-process.ts";
export {
  connectRawHttp2,
  END_HEADERS,
  END_STREAM,
  FRAME_TYPE,
  getFields,
  HTTP2_PREFACE,
  integer,
  makeBlock,
  makeFrame,
  RawHttp2,
  setting,
  word,
} from "./http2-frames.ts";
export type { ReceivedFrame } from "./http2-frames.ts";
export { connectHttp2, Http2Client, openHttp2Server, readHttp2Response } from "./http2-peer.ts";
export type { Http2Answer, Http2Response, Http2Server, Http2ServerOptions } from "./http2-peer.ts";
export { assertNoOpenConnections, becomesTrue, watchForLeaks } from "./leaks.ts";
export type { ConnectionHolder } from "./leaks.ts";
export { findFreePorts, listenOnFreePort } from "./open-port.ts";
export { connectRaw, RawConnection } from "./raw-connection.ts";
export type { ConnectionEnd, ConnectRawOptions } from "./raw-connection.ts";
export { openRecordingServer } from "./recording-server.ts";
export type { RecordingServer, RecordingServerOptions } from "./recording-server.ts";
