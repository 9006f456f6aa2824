/**
 * `text` without the blanks (SP, HTAB) at its ends and around each `separator`, in a time that grows with its length. A
 * pattern such as `[ \t]*,` takes the square of it, since it looks for the comma behind each of many blanks.
 */
export function trimAround(text: string, separator: string): string {
  return text.split(separator).map(trimBlanks).join(separator);
}

function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 32 || code === 9;
