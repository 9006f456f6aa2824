import { createHash } from "node:crypto";
import { ChallengeCertificates, ServerCertificates } from "../identity/index.ts";
import { unitKey } from "../model/index.ts";
import type { ListenerUnit } from "../model/index.ts";
import type { HeldUnits } from "./held-units.ts";

/** Makes the TLS contexts of listeners out of their units and secrets. */
export class ListenerCertificates {
  private readonly units: HeldUnits;
  ticketKeys: Buffer;
  /** Of the ACME servers' questions that are open; null where none is. */
  challenges: ChallengeCertificates | null = null;
  private challengeHash = "";

  constructor(units: HeldUnits, ticketKeys: Buffer) {
    this.units = units;
    this.ticketKeys = ticketKeys;
  }

  /** Of all that `make` reads: the same hash, the same contexts. */
  hashOf(unit: ListenerUnit): string {
    const names = unit.servers.flatMap((server) => server.tls?.certificates ?? []);
    const hashes = names.map((name) => this.units.hashOf(`secret:${name}`));
    const servers = unit.servers.map(({ hostname, tls }) => [hostname, tls]);
    return JSON.stringify([servers, hashes, unit.clientValidation]);
  }

  make(unit: ListenerUnit): ServerCertificates {
    const servers = unit.servers.flatMap(({ hostname, tls }) => {
      if (tls === null) return [];
      const secrets = tls.certificates.flatMap((name) => this.units.secret(name) ?? []);
      return [{ hostname, tls, secrets }];
    });
    return new ServerCertificates(servers, this.ticketKeysOf(unit), unit.clientValidation ?? null);
  }

  /** Tickets of one set of servers are no tickets at another: the key is derived per listener and set. */
  ticketKeysOf(unit: ListenerUnit): Buffer {
    const hash = createHash("sha512")
      .update(this.ticketKeys)
      .update(`${unit.name} ${this.hashOf(unit)}`);
    return hash.digest().subarray(0, 48);
  }

  makeChallenges(): void {
    const units = this.units.challenges();
    const hash = units.map((unit) => this.units.hashOf(unitKey(unit))).join(" ");
    if (hash === this.challengeHash) return;
    this.challengeHash = hash;
    const made = new ChallengeCertificates(units);
    this.challenges = made.isEmpty ? null : made;
  }
}
