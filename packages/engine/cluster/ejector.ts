import type { ClusterSettings } from "../model/index.ts";
import type { Endpoint, OutlierReason } from "./endpoint.ts";
import type { Outlier } from "./outlier-window.ts";

/** An ejection grows to at most this many times the first one, where the settings do not say. */
const MAX_GROWTH = 10;

/**
 * Takes endpoints that fail out of the choice, and lets one request probe each when its time is up. Never more
 * than the allowed share, and never the last one: a bad endpoint is better than none.
 */
export class Ejector {
  private readonly settings: ClusterSettings;
  private endpoints: readonly Endpoint[] = [];
  private ejected: Endpoint[] = [];

  constructor(settings: ClusterSettings) {
    this.settings = settings;
  }

  follow(endpoints: readonly Endpoint[]): void {
    this.endpoints = endpoints;
    this.ejected = endpoints.filter((endpoint) => endpoint.isEjected);
  }

  /** The endpoint did its work; says whether this ended an ejection. */
  praise(endpoint: Endpoint): boolean {
    if (endpoint.consecutiveFaults + endpoint.consecutiveLocalFaults + endpoint.ejections === 0) return false;
    endpoint.consecutiveFaults = 0;
    endpoint.consecutiveLocalFaults = 0;
    if (endpoint.standsOut === "") endpoint.ejections = 0;
    // What was asked before the ejection is part of what it was ejected for.
    else if (!endpoint.isProbing) return false;
    if (!endpoint.isEjected) return false;
    this.admit(endpoint);
    return true;
  }

  /**
   * The endpoint failed; says whether this ejected it. `isLocal`: it gave no answer at all, where the other way is one
   * that says that it failed.
   */
  blame(endpoint: Endpoint, nowMs: number, isLocal: boolean): boolean {
    const { ejectAfterFaults, ejectAfterLocalFaults } = this.settings;
    const isApart = isLocal && ejectAfterLocalFaults !== undefined;
    const limit = isApart ? ejectAfterLocalFaults : ejectAfterFaults;
    const row = isApart ? ++endpoint.consecutiveLocalFaults : ++endpoint.consecutiveFaults;
    if (endpoint.isRemoved) return false;
    if (endpoint.isEjected) {
      if (endpoint.isProbing) this.sentence(endpoint, nowMs);
      return false;
    }
    if (limit === 0 || row < limit || !this.mayEject()) return false;
    this.eject(endpoint, nowMs);
    return true;
  }

  /** It did worse than the others over an interval; says whether this ejected it. */
  expel({ endpoint, slowAboveMs }: Outlier, reason: OutlierReason, nowMs: number): boolean {
    if (endpoint.isRemoved || endpoint.isEjected || !this.mayEject()) return false;
    endpoint.standsOut = reason;
    endpoint.slowAboveMs = slowAboveMs;
    this.eject(endpoint, nowMs);
    return true;
  }

  /** It does as well as the others again, so that the next good answer ends the row of ejections. */
  acquit(endpoint: Endpoint): void {
    endpoint.standsOut = "";
    endpoint.slowAboveMs = Infinity;
  }

  /** The probe's answer came; one that is too slow is no praise. */
  answered(endpoint: Endpoint, latencyMs: number, nowMs: number): void {
    if (latencyMs > endpoint.slowAboveMs && endpoint.isProbing) this.sentence(endpoint, nowMs);
  }

  private eject(endpoint: Endpoint, nowMs: number): void {
    endpoint.isEjected = true;
    this.ejected.push(endpoint);
    this.sentence(endpoint, nowMs);
  }

  /** An ejected endpoint whose time is up and that nobody probes yet: the caller's exchange is the probe. */
  probeDue(nowMs: number): Endpoint | null {
    if (this.ejected.length === 0) return null;
    for (const endpoint of this.ejected) {
      if (endpoint.ejectedUntilMs > nowMs || endpoint.isProbing) continue;
      endpoint.isProbing = true;
      return endpoint;
    }
    return null;
  }

  private sentence(endpoint: Endpoint, nowMs: number): void {
    const { ejectMs, maxEjectMs = ejectMs * MAX_GROWTH } = this.settings;
    endpoint.ejections++;
    endpoint.isProbing = false;
    endpoint.ejectedUntilMs = nowMs + Math.min(ejectMs * endpoint.ejections, Math.max(ejectMs, maxEjectMs));
  }

  private admit(endpoint: Endpoint): void {
    endpoint.isEjected = false;
    endpoint.isProbing = false;
    const at = this.ejected.indexOf(endpoint);
    if (at >= 0) this.ejected.splice(at, 1);
  }

  private mayEject(): boolean {
    const total = this.endpoints.length;
    const out = this.ejected.length + 1;
    return out < total && out <= Math.max(1, Math.floor(total * this.settings.maxEjectedShare));
  }
}
