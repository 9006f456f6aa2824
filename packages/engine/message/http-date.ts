let lastSecond = -1;
let lastText = "";

/** A time as HTTP writes it (RFC 9110 section 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". Made once a second. */
export function httpDate(wallMs: number): string {
  const second = Math.floor(wallMs / 1_000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(second * 1_000).toUTCString();
  }
  return lastText;
}
