/** Run as a process: prints what the sample registry renders to, and a metric with labels of any text. */
import { Family, labels } from "./exposition.ts";
import { readProcessFacts } from "./process-facts.ts";
import { renderMetrics } from "./render-metrics.ts";
import { sampleRegistry } from "./sample-registry.suite.ts";

const family = new Family("heddle_any_total", "counter", "Anything.");
for (const value of ['"', "\\", "\n", "\\n", 'a"},b="', "é", "日本", "#", " "]) {
  family.sample(labels([["value", value]]), 1);
}
const certificates = [{ listener: "shop/web/https", certificate: "shop/web", notAfterMs: 1_800_000_000_000 }];
const canaries = [{ route: "shop/web", rule: "0", weight: 25 }];
const keySets = [{ place: "https://id.example/jwks", ok: 3, failed: 1, ageMs: 61_250 }];
const text = renderMetrics(sampleRegistry(), readProcessFacts("0.1.0"), certificates, canaries, keySets);
process.stdout.write(text + family.text);
