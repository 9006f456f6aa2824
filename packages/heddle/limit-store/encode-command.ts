/** A command as RESP2 has it: a list of texts. */
export function encodeCommand(words: readonly (string | number)[]): string {
  let command = `*${words.length}\r\n`;
  for (const word of words) {
    const text = String(word);
    command += `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  }
  return command;
}
