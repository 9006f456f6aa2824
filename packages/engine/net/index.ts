/**
 * The only place with sockets: Connection (bytes in by callback, writes gathered), accept and dial. Another
 * runtime is another `net`.
 */
export { Connection } from "./connection.ts";
export type { ConnectionEvents } from "./connection.ts";
export { openAcceptSocket } from "./accept.ts";
export type { AcceptSocket } from "./accept.ts";
export type { AcceptedSocket, AcceptOptions, AcceptTls, HandshakeRefusal } from "./accept-options.ts";
export { canPassDescriptors, DescriptorChannel } from "./descriptor-channel.ts";
export type { LentDescriptor, PassedDescriptor, ReceivedMessage } from "./descriptor-channel.ts";
export { ListeningSockets } from "./listening-sockets.ts";
export { socketOf } from "./tcp-handle.ts";
export type { Accepted } from "./tcp-handle.ts";
export { rememberServer } from "./open-handles.ts";
export { atTurnEnd, turnWaitMs } from "./turn.ts";
export type { TurnEnd } from "./turn.ts";
export { usesRawWrites } from "./raw-writes.ts";
export { AddressChoice } from "./address-choice.ts";
export { dial } from "./dial.ts";
export type { DialEvents, DialFailure, DialOptions, DialTls } from "./dial.ts";
export { peerOf } from "./peer.ts";
export { plainAddress } from "./plain-address.ts";
export type { AcceptProxyHeader, HeaderRefusal } from "./proxy-header.ts";
export { probeAddress } from "./probe.ts";
export { makeSecureContext } from "./secure-context.ts";
export type { SecureContext } from "./secure-context.ts";
export { bindDatagrams } from "./datagrams.ts";
export { dialDatagrams } from "./dial-datagrams.ts";
export type { BoundDatagrams, ConnectedDatagrams, DatagramEvents } from "./datagrams.ts";
