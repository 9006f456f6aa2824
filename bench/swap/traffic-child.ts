/** Sends the traffic in a process of its own: `fork(this file)`, TrafficOptions, and "stop" for a TrafficResult. */
import { Traffic, type TrafficOptions } from "./traffic.ts";

// The bench is gone, however it ended.
process.on("disconnect", () => process.exit());

let traffic: Traffic | undefined;

process.on("message", (message: TrafficOptions | "stop") => {
  if (message === "stop") void traffic?.stop().then((result) => process.send?.(result));
  else {
    traffic = new Traffic(message);
    traffic.start();
    process.send?.("started");
  }
});
