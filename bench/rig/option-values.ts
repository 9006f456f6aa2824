/** What the benches' command lines take. Each throws an error that names the flag and what it takes. */

/** The names of a list with commas between, in the order of `known`; all of them where there is no list. */
export function pickNames<Name extends string>(
  flag: string,
  list: string | undefined,
  known: readonly Name[],
): readonly Name[] {
  if (list === undefined) return known;
  const asked = list.split(",").map((name) => oneOf(flag, name, known));
  return known.filter((name) => asked.includes(name));
}

export function oneOf<Name extends string>(flag: string, name: string, known: readonly Name[]): Name {
  const found = known.find((each) => each === name);
  if (found === undefined) throw new Error(`${flag} has ${JSON.stringify(name)}, takes ${known.join(",")}`);
  return found;
}

export function wholeNumber(flag: string, text: string, least = 1): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`${flag} is ${JSON.stringify(text)}, takes a whole number from ${least}`);
  return value;
}

/** Above 0. */
export function positiveNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${flag} is ${JSON.stringify(text)}, takes a number above 0`);
  return value;
}
