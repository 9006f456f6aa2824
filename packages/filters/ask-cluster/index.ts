/** One whole question to a cluster beside an exchange, and its whole answer: with a time limit and a bound. */
export { askCluster } from "./ask-cluster.ts";
export type { Asker, AskFailure, AskOptions, ClusterAnswer } from "./ask-cluster.ts";
