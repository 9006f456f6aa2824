import tls from "node:tls";
import { onceForChunk, type ChunkedList } from "@heddle/engine/base";
import type { AuthoritiesUnit, Unit } from "@heddle/engine/model";
import { hashUnit, type HashedUnit } from "../../compile/index.ts";

/**
 * The roots that this machine trusts, and those of NODE_EXTRA_CA_CERTS, in PEM; null where the system has none, which
 * leaves those that Node brings. Read when something first asks, since it takes a while, and then kept: a restart sees
 * what has changed.
 */
export class SystemAuthorities {
  private readonly read: (kind: "system" | "extra") => readonly string[];
  private pem: string | null | undefined;
  private unit: HashedUnit | null = null;

  /** `read` is that of node:tls. */
  constructor(read: (kind: "system" | "extra") => readonly string[] = tls.getCACertificates) {
    this.read = read;
  }

  get caPem(): string | null {
    this.pem ??= this.readAll();
    return this.pem === "" ? null : this.pem;
  }

  /** What clusters that trust the system need beside them; nothing where no cluster does. */
  unitsFor(units: ChunkedList<HashedUnit>): readonly HashedUnit[] {
    if (!units.chunks.some(someTrustSystem)) return [];
    const { caPem } = this;
    if (caPem === null) return [];
    const unit: AuthoritiesUnit = { kind: "authorities", name: "system", caPem };
    this.unit ??= hashUnit(unit);
    return [this.unit];
  }

  private readAll(): string {
    // The same certificate may be in a bundle and in a file of its own.
    const system = new Set(this.read("system").map((pem) => pem.trim()));
    if (system.size === 0) return "";
    return [...system.union(new Set(this.read("extra").map((pem) => pem.trim())))].join("\n");
  }
}

const someTrustSystem = onceForChunk((chunk: readonly HashedUnit[]) =>
  chunk.some(({ unit }) => trustsSystem(unit)),
);

function trustsSystem(unit: Unit): boolean {
  return (
    unit.kind === "cluster" && unit.tls !== null && unit.tls.caPem === null && !unit.tls.insecureSkipVerify
  );
}
