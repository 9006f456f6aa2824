/** A bounded map whose entries expire: for verdicts that are kept. */
export { ExpiringMap } from "./expiring-map.ts";
