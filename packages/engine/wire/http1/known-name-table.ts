import { KNOWN_NAMES } from "../../message/index.ts";

/**
 * A perfect hash of the known field names over their length, first, last and last but one octet, found when the
 * module loads, so that a name on the wire becomes its id with one probe and one comparison of octets.
 */
const SLOTS = 256;

interface Table {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly ids: Uint8Array;
}

function slotOf(a: number, b: number, c: number, name: string): number {
  const last = name.length - 1;
  return (
    (name.length * a + name.charCodeAt(0) * b + name.charCodeAt(last - 1) * c + name.charCodeAt(last)) &
    (SLOTS - 1)
  );
}

function findTable(): Table {
  for (let seed = 1; seed < 1 << 15; seed++) {
    const a = seed & 31;
    const b = (seed >> 5) & 31;
    const c = (seed >> 10) & 31;
    const ids = new Uint8Array(SLOTS);
    const isFree = (name: string, id: number): boolean => {
      const slot = slotOf(a, b, c, name);
      if (ids[slot] !== 0) return false;
      ids[slot] = id;
      return true;
    };
    if (KNOWN_NAMES.every((name, id) => id === 0 || isFree(name, id))) return { a, b, c, ids };
  }
  throw new Error("no perfect hash for the known names: widen the table");
}

const { a: A, b: B, c: C, ids: IDS } = findTable();

/** Octets of all names, one after the other, and where each begins. */
const STARTS = new Uint16Array(KNOWN_NAMES.length + 1);
const OCTETS: Uint8Array = (() => {
  const all = KNOWN_NAMES.join("");
  let at = 0;
  KNOWN_NAMES.forEach((name, id) => {
    STARTS[id] = at;
    at += name.length;
  });
  STARTS[KNOWN_NAMES.length] = at;
  return Uint8Array.from(all, (c) => c.charCodeAt(0));
})();

/** The id of the name in bytes[start, end), of any case; 0 for a name that is not known. All token octets. */
export function knownNameIdAt(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 2) return 0;
  const slot =
    (length * A + (bytes[start] | 32) * B + (bytes[end - 2] | 32) * C + (bytes[end - 1] | 32)) & (SLOTS - 1);
  const id = IDS[slot];
  const known = STARTS[id];
  // Slot 0's id is 0 or a name's; id 0 has length 0 and never fits.
  if (STARTS[id + 1] - known !== length) return 0;
  for (let i = 0; i < length; i++) {
    // Among token octets, only a letter of the other case shares its "| 32" with an octet of a known name.
    if ((bytes[start + i] | 32) !== OCTETS[known + i]) return 0;
  }
  return id;
}
