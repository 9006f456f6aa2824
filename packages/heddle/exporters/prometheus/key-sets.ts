import { Family, labels } from "./exposition.ts";

/** How the fetching of a key set goes. */
export interface KeySetFigures {
  /** Its URL without the query. */
  readonly place: string;
  readonly ok: number;
  readonly failed: number;
  /** How long ago the keys in use were fetched; null where there are none. */
  readonly ageMs: number | null;
}

/** Series of key sets: of more than anybody watches the first. */
const maxSeries = 1_000;

export function renderKeySets(sets: readonly KeySetFigures[]): string {
  const fetches = new Family(
    "heddle_key_set_fetches_total",
    "counter",
    "Fetches of a token issuer's key set, by result.",
  );
  const ages = new Family(
    "heddle_key_set_age_seconds",
    "gauge",
    "Time since the keys in use were fetched from a token issuer.",
  );
  for (const { place, ok, failed, ageMs } of sets.slice(0, maxSeries)) {
    const pair = ["key_set", place] as const;
    fetches.sample(labels([pair, ["result", "ok"]]), ok);
    fetches.sample(labels([pair, ["result", "failed"]]), failed);
    if (ageMs !== null) ages.sample(labels([pair]), Math.round(ageMs) / 1_000);
  }
  return fetches.text + ages.text;
}
