import type { ClusterSettings } from "../model/index.ts";
import type { Endpoint } from "./endpoint.ts";

/** An ejection grows to at most this many times the first one. */
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

  /** The endpoint did its work. */
  praise(endpoint: Endpoint): void {
    if (endpoint.consecutiveFaults === 0 && endpoint.ejections === 0) return;
    endpoint.consecutiveFaults = 0;
    endpoint.ejections = 0;
    if (endpoint.isEjected) this.admit(endpoint);
  }

  /** The endpoint failed; says whether this ejected it. */
  blame(endpoint: Endpoint, nowMs: number): boolean {
    endpoint.consecutiveFaults++;
    const { ejectAfterFaults, ejectMs } = this.settings;
    if (ejectAfterFaults === 0 || endpoint.isRemoved) return false;
    if (endpoint.isEjected) {
      if (!endpoint.isProbing) return false;
      this.sentence(endpoint, nowMs, ejectMs);
      return false;
    }
    if (endpoint.consecutiveFaults < ejectAfterFaults || !this.mayEject()) return false;
    endpoint.isEjected = true;
    this.ejected.push(endpoint);
    this.sentence(endpoint, nowMs, ejectMs);
    return true;
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

  private sentence(endpoint: Endpoint, nowMs: number, ejectMs: number): void {
    endpoint.ejections++;
    endpoint.isProbing = false;
    endpoint.ejectedUntilMs = nowMs + ejectMs * Math.min(endpoint.ejections, MAX_GROWTH);
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
