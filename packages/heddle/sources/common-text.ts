import { isSamePart, type SourceText } from "./source-text.ts";

/** How far two texts are compared in one step. */
const stride = 65_536;

/** How many characters two texts begin and end with in common; none counts twice. */
export function* commonText(
  a: SourceText,
  b: SourceText,
): Generator<void, { prefix: number; suffix: number }> {
  const shorter = Math.min(a.length, b.length);
  const prefix = yield* longest(shorter, (from, to) => isSamePart(a, from, to - from, b, from));
  const suffix = yield* longest(shorter - prefix, (from, to) =>
    isSamePart(a, a.length - to, to - from, b, b.length - to),
  );
  return { prefix, suffix };
}

export function* isSameText(a: SourceText, b: SourceText): Generator<void, boolean> {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += stride) {
    if (!isSamePart(a, at, Math.min(stride, a.length - at), b, at)) return false;
    yield;
  }
  return true;
}

/** The longest stretch up to `limit` of which every part is the same. */
function* longest(limit: number, isSame: (from: number, to: number) => boolean): Generator<void, number> {
  let same = 0;
  for (let step = stride; step > 0 && same < limit;) {
    const to = Math.min(limit, same + step);
    if (isSame(same, to)) same = to;
    else step = (to - same) >> 1;
    yield;
  }
  return same;
}
