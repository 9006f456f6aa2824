/** Path pieces that proxies and origins have read differently (threats 13). */
const pieces = [
  ..."/ / / /a /b /admin admin Admin ADMIN /public public .. . ... ; \\ %".split(" "),
  ..."%2f %2F %5c %5C %2e %2E %2e%2e .%2e %00 %0a %0d %09 %20 %23 %3f %3F %25 %252f %252e %2561dmin".split(
    " ",
  ),
  ..."%61dmin adm%69n %41 ;x ;/.. ..;/ /..;/ /.;/ ..%2f %2e%2e%2f ..%5c ..\\ //admin /./admin".split(" "),
  ..."/a/../admin /%61%64%6d%69%6e /public/..%2fadmin /public/..;/admin /.//admin %c0%af %c0%ae".split(" "),
  ..."%ef%bc%8f %u002f %uff0f é \xff ~ - _ %7e %2D + : @ ! * ' ( ) , = & % %2 %zz %%32%65".split(" "),
];

/** `count` paths from a fixed seed: the same ones in every run. */
export function generatePaths(count: number, seed: number): string[] {
  const random = makeRandom(seed);
  return Array.from({ length: count }, () => {
    const length = 1 + Math.floor(random() * 6);
    let path = random() < 0.95 ? "/" : "";
    for (let n = 0; n < length; n++) path += pieces[Math.floor(random() * pieces.length)];
    return path.replaceAll("é", "\xc3\xa9");
  });
}

/** Mulberry32. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * How the most lenient origin that decodes once would read a path: escapes decoded, backslashes taken for slashes,
 * parameters of dot segments dropped, slashes merged, dots resolved, the root never left, case folded.
 */
export function readLeniently(path: string): string {
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const segments: string[] = [];
  for (const raw of (decoded.split("\0")[0] ?? "").replaceAll("\\", "/").split("/")) {
    const segment = /^\.\.?;/.test(raw) ? (raw.split(";")[0] ?? "") : raw;
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}
