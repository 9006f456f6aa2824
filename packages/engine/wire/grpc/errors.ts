/** What is wrong with length-prefixed messages; the text of a fault. */
export type MessageMistake = "flag" | "too-large" | "cut-short";

const TEXTS: Readonly<Record<MessageMistake, string>> = {
  flag: "gRPC message has a flag that is not 0 or 1",
  "too-large": "gRPC message is over the limit",
  "cut-short": "gRPC messages end within a message",
};

export function mistakeText(mistake: MessageMistake): string {
  return TEXTS[mistake];
}
