/** Largest value of a gauge over its label sets, out of Prometheus text, or undefined when it is not there. */
export function largestSample(text: string, name: string): number | undefined {
  const values = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map(sampleValue)
    .filter((value) => !Number.isNaN(value));
  return values.length === 0 ? undefined : Math.max(...values);
}

/** `name{labels} value [timestamp]`: the value follows the last bracket, since labels may hold spaces. */
function sampleValue(line: string): number {
  const rest = line.slice(line.includes("{") ? line.lastIndexOf("}") + 1 : line.indexOf(" "));
  return Number(rest.trim().split(" ")[0] || NaN);
}
