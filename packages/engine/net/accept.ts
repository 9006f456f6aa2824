import type { AcceptOptions } from "./accept-options.ts";
import { acceptBehindHeader, acceptPlain } from "./accept-plain.ts";
import { TlsAcceptor } from "./accept-tls.ts";
import { Gauge } from "./gauge.ts";
import { ListeningSockets } from "./listening-sockets.ts";
import { plainAddress } from "./plain-address.ts";
import { takeProxyHeader } from "./proxy-header.ts";
import type { AcceptProxyHeader } from "./proxy-header.ts";
import { closeAccepted, remoteAddressOf, socketOf } from "./tcp-handle.ts";
import type { Accepted } from "./tcp-handle.ts";

/** A listening socket. */
export interface AcceptSocket {
  readonly port: number;
  readonly address: string;
  /** Of the listening sockets, for another process; -1 for one that the runtime does not tell. */
  readonly descriptors: readonly number[];
  /** Takes what has come by now and stops accepting; accepted connections live on. Resolves when nothing is bound. */
  close(): Promise<void>;
  /** After `close`: resolves when those that shake hands, or owe a header, have an owner or are gone. */
  settled(): Promise<void>;
  /** Stops accepting at once. */
  abandon(): void;
}

/** Binds and accepts. Rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
export async function openAcceptSocket(options: AcceptOptions): Promise<AcceptSocket> {
  const acceptTls = options.tls === null ? null : new TlsAcceptor(options, options.tls);
  const awaited = new Gauge();
  const accept = (accepted: Accepted): void => {
    if (acceptTls === null) acceptPlain(accepted, options);
    else acceptTls.accept(accepted, null);
  };
  const acceptProxied = (accepted: Accepted, rules: AcceptProxyHeader): void => {
    if (!rules.isTrusted(plainAddress(remoteAddressOf(accepted)))) {
      if (rules.others === "plain") {
        accept(accepted);
        return;
      }
      closeAccepted(accepted);
      rules.onHeaderRefused("proxy-header-untrusted");
    } else if (acceptTls === null) {
      acceptBehindHeader(accepted, options, rules, awaited);
    } else {
      const socket = socketOf(accepted);
      takeProxyHeader(socket, rules, awaited, (header) => {
        // Others may have come meanwhile, and the end of a drain.
        if (options.admit(awaited.count)) acceptTls.accept(socket, header);
        else socket.destroy();
      });
    }
  };
  const sockets = await ListeningSockets.open(options, (accepted) => {
    if (!options.admit(awaited.count)) {
      closeAccepted(accepted);
      return;
    }
    const { proxyHeader: rules } = options;
    if (rules === null) accept(accepted);
    else acceptProxied(accepted, rules);
  });
  const handshakes = acceptTls?.handshakes ?? new Gauge();
  return {
    port: sockets.port,
    address: sockets.address,
    descriptors: sockets.descriptors,
    close: () => sockets.closeEmptied(),
    async settled() {
      // From one to the other there is no turn between.
      while (awaited.count + handshakes.count > 0) await Promise.all([awaited.zero(), handshakes.zero()]);
    },
    abandon: () => sockets.close(),
  };
}
