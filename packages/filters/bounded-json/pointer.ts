/** The names of a JSON Pointer (RFC 6901); null where it is none. */
export function parsePointer(pointer: string): readonly string[] | null {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return null;
  return pointer
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
