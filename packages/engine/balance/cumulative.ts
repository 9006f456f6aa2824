/** The index that `fraction` (in [0, 1)) of the total falls to, in ascending sums of weights: O(log n). */
export function searchCumulative(sums: Float64Array, fraction: number): number {
  const target = fraction * sums[sums.length - 1];
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > target) high = middle;
    else low = middle + 1;
  }
  return low;
}
