import { defineFilter } from "@heddle/filters/define";

/** Keeps the worker busy for each request that goes on: what a costly policy would do. */
export default defineFilter({
  name: "work",
  schema: { type: "object", properties: { micros: { type: "number" } }, required: ["micros"] },
  create: ({ micros }: { micros: number }) => ({
    requestHead() {
      const untilMs = performance.now() + micros / 1_000;
      while (performance.now() < untilMs);
    },
  }),
});
