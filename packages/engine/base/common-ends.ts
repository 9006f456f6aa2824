/** How many items two lists begin and end with in common: the same objects. No item counts twice. */
export function commonEnds<T>(a: readonly T[], b: readonly T[]): { start: number; end: number } {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return { start, end };
}
