/** How a generation of a server gives its port to the next. */
export const ways = [
  /** The next binds beside it (SO_REUSEPORT), then it closes. */
  "closed",
  /** As before, but it accepts what waits, and closes in the turn that found nothing. */
  "emptied",
  /** The first two with the kernel told to move what waits to the next (Linux 5.14). */
  "closed, tcp_migrate_req",
  "emptied, tcp_migrate_req",
  /** The next gets its listening sockets: nothing that has come to them is ever closed. */
  "passed",
] as const;

export type Way = (typeof ways)[number];

export type ToGeneration = "adopt" | "give" | "close";
