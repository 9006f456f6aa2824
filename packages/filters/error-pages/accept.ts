import type { PageFormat } from "./config.ts";

const mediaTypes: Readonly<Record<PageFormat, string>> = {
  HTML: "text/html",
  JSON: "application/json",
  Problem: "application/problem+json",
  Text: "text/plain",
};

export const contentTypes: Readonly<Record<PageFormat, string>> = {
  HTML: "text/html; charset=utf-8",
  JSON: "application/json",
  Problem: "application/problem+json",
  Text: "text/plain; charset=utf-8",
};

/** Ranges of one Accept that are looked at. */
const MAX_RANGES = 32;

/**
 * Which of the formats the client prefers (RFC 9110 section 12.5.1), the first of equals; -1 where it takes none. A
 * client that takes application/json takes a problem too where there is no JSON: it can read it.
 */
export function preferred(accept: string | undefined, formats: readonly PageFormat[]): number {
  if (accept === undefined || accept.trim() === "") return formats.length === 0 ? -1 : 0;
  const ranges = accept.split(",", MAX_RANGES).map(parseRange);
  let best = -1;
  let bestQuality = 0;
  for (const [index, format] of formats.entries()) {
    const quality = qualityOf(ranges, mediaTypes[format]);
    const asJson = format === "Problem" && quality === 0 ? qualityOf(ranges, mediaTypes.JSON) / 2 : quality;
    if (asJson > bestQuality) {
      best = index;
      bestQuality = asJson;
    }
  }
  return best;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [type, ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((one) => one.startsWith("q="));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { type: type!, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** By the most specific range that has the type. */
function qualityOf(ranges: readonly Range[], type: string): number {
  const whole = `${type.slice(0, type.indexOf("/"))}/*`;
  const found =
    ranges.find((one) => one.type === type) ??
    ranges.find((one) => one.type === whole) ??
    ranges.find((one) => one.type === "*/*");
  return found === undefined ? 0 : found.quality;
}
