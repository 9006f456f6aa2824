/** How long things may take behind a proxy, and how many faults it takes to be found out. */
export interface ChaosTimes {
  connectMs: number;
  attemptMs: number;
  /** of a health check: from one to the next, and for its answer */
  checkMs: number;
  /** checks in a row that decide */
  checkThreshold: number;
  /** faults of requests in a row that have an origin left out */
  faultThreshold: number;
}

/** The same for all proxies that are compared. */
export const times: ChaosTimes = {
  connectMs: 500,
  attemptMs: 1_000,
  checkMs: 400,
  checkThreshold: 2,
  faultThreshold: 3,
};
