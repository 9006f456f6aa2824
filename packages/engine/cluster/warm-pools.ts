import { Timer } from "../base/index.ts";
import type { Clock, TimerWheel } from "../base/index.ts";
import type { ClusterSettings } from "../model/index.ts";
import type { Endpoint } from "./endpoint.ts";

/** How often it is looked whether connections are missing. */
const SWEEP_MS = 1_000;

/** What warm pools need of their cluster. */
export interface WarmHome {
  readonly settings: ClusterSettings;
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Begins a connection that no exchange waits for; false where there is none to be made. */
  warm(endpoint: Endpoint): boolean;
}

/**
 * Keeps a number of connections to each endpoint that serves, made in advance, so that no request waits for one. An
 * endpoint to which none could be made gets a single new try at each sweep. Without the setting it does nothing.
 */
export class WarmPools extends Timer {
  private readonly home: WarmHome;

  constructor(home: WarmHome) {
    super();
    this.home = home;
  }

  /** Makes what is missing, and goes on looking as long as the setting is there. */
  sweep(): void {
    const { settings, endpoints, clock, wheel } = this.home;
    const wanted = settings.warmConnections ?? 0;
    if (wanted === 0) {
      wheel.cancel(this);
      return;
    }
    for (const endpoint of endpoints) if (endpoint.isAvailable) this.fill(endpoint, wanted);
    wheel.schedule(this, clock.now() + SWEEP_MS);
  }

  private fill(endpoint: Endpoint, wanted: number): void {
    const missing = wanted - endpoint.connections;
    // Nothing listens there, as far as is known: one try shows whether that has changed.
    const tries = endpoint.hasRefused ? Math.min(missing, 1) : missing;
    for (let i = 0; i < tries; i++) if (!this.home.warm(endpoint)) return;
  }

  stop(): void {
    this.home.wheel.cancel(this);
  }

  expire(): void {
    this.sweep();
  }
}
