/** What health checks say of an endpoint. */
export interface HealthVerdict {
  readonly cluster: string;
  readonly endpoint: string;
  readonly isHealthy: boolean;
}

/**
 * What health checks say of the endpoints of all clusters, as one worker knows it. One worker of all asks the
 * endpoints; it tells the others, and any of them can go on where it left off.
 */
export class HealthLedger {
  /** This worker asks. */
  isChecker: boolean;
  /** Hears what this worker finds out. */
  onTold: (verdict: HealthVerdict) => void = () => {};
  /** Hears what checks have found and why, and not what became of no account: for the log. */
  onFound: (verdict: HealthVerdict, problem: string) => void = () => {};
  /** By cluster; those that are not here are healthy, or not known. */
  private readonly unhealthy = new Map<string, Set<string>>();

  constructor(isChecker: boolean = true) {
    this.isChecker = isChecker;
  }

  isHealthy(cluster: string, endpoint: string): boolean {
    return this.unhealthy.get(cluster)?.has(endpoint) !== true;
  }

  /** This worker found it out. */
  tell(verdict: HealthVerdict): void {
    if (this.learn(verdict)) this.onTold(verdict);
  }

  /** Says whether it is news. */
  learn({ cluster, endpoint, isHealthy }: HealthVerdict): boolean {
    const known = this.unhealthy.get(cluster);
    if (isHealthy) {
      if (known === undefined || !known.delete(endpoint)) return false;
      if (known.size === 0) this.unhealthy.delete(cluster);
      return true;
    }
    if (known === undefined) this.unhealthy.set(cluster, new Set([endpoint]));
    else if (known.has(endpoint)) return false;
    else known.add(endpoint);
    return true;
  }

  /** All that are not healthy. */
  verdicts(): HealthVerdict[] {
    return [...this.unhealthy].flatMap(([cluster, endpoints]) =>
      [...endpoints].map((endpoint) => ({ cluster, endpoint, isHealthy: false })),
    );
  }
}
