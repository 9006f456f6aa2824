import { sliceLatin1 } from "../../base/index.ts";
import { hasOctets } from "../octets.ts";

/** The method in bytes[start, end): one of a few constants nearly always, so that none is allocated. */
export function methodAt(bytes: Uint8Array, start: number, end: number): string {
  const c = bytes[start];
  switch (end - start) {
    case 3:
      if (c === 71 && bytes[start + 1] === 69 && bytes[start + 2] === 84) return "GET";
      if (c === 80 && bytes[start + 1] === 85 && bytes[start + 2] === 84) return "PUT";
      break;
    case 4:
      if (c === 80 && matches(bytes, start, "POST")) return "POST";
      if (c === 72 && matches(bytes, start, "HEAD")) return "HEAD";
      break;
    case 5:
      if (c === 80 && matches(bytes, start, "PATCH")) return "PATCH";
      break;
    case 6:
      if (c === 68 && matches(bytes, start, "DELETE")) return "DELETE";
      break;
    case 7:
      if (c === 79 && matches(bytes, start, "OPTIONS")) return "OPTIONS";
      if (c === 67 && matches(bytes, start, "CONNECT")) return "CONNECT";
      break;
  }
  return sliceLatin1(bytes, start, end);
}

function matches(bytes: Uint8Array, start: number, text: string): boolean {
  return hasOctets(bytes, start, start + text.length, text);
}
