import { Buffer } from "node:buffer";

/** What a header of version 1 begins with (specification section 2.1). */
export const V1_SIGNATURE = Buffer.from("PROXY ", "latin1");

/** What a header of version 2 begins with (section 2.2): no beginning of HTTP, TLS, SMTP or a text protocol. */
export const V2_SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** Numbers of version 2 (section 2.2). */
export const VERSION_2 = 2;
export const COMMAND = { local: 0, proxy: 1 } as const;
export const FAMILY = { unspecified: 0, ipv4: 1, ipv6: 2, unix: 3 } as const;
export const TRANSPORT = { unspecified: 0, stream: 1, datagram: 2 } as const;

/** Octets of both addresses and ports, by family. */
export const ADDRESS_BYTES: readonly number[] = [0, 12, 36, 216];
