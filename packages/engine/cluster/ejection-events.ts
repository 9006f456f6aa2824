/** Hears which endpoints are left out for what became of requests, and which are back: for the log. */
export interface EjectionEvents {
  /** `reason` holds nothing of a request. */
  ejected(cluster: string, endpoint: string, reason: string): void;
  /** One that `ejected` was told of did its work again. */
  readmitted(cluster: string, endpoint: string): void;
}
