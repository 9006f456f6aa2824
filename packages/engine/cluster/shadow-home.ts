import type { Clock, TimerWheel } from "../base/index.ts";
import type { ClusterSettings } from "../model/index.ts";
import type { Http1Limits } from "../wire/http1/index.ts";
import { UNCOUNTED } from "./cluster-observer.ts";
import type { EndpointHome } from "./endpoint.ts";
import type { EndpointObserver } from "./pool.ts";

/** The home of endpoints that only health checks know: as their cluster, without counters. */
export class ShadowHome implements EndpointHome {
  readonly index = -1;
  readonly observer: EndpointObserver = UNCOUNTED;
  private readonly cluster: EndpointHome;

  constructor(cluster: EndpointHome) {
    this.cluster = cluster;
  }

  get epoch(): number {
    return this.cluster.epoch;
  }

  get limits(): Http1Limits {
    return this.cluster.limits;
  }

  get settings(): ClusterSettings {
    return this.cluster.settings;
  }

  get clock(): Clock {
    return this.cluster.clock;
  }

  get wheel(): TimerWheel {
    return this.cluster.wheel;
  }

  onAvailability(): void {}

  onRoom(): void {}
}
