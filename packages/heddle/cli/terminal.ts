import { styleText } from "node:util";

/** What a command prints to; tests give their own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly hasColor: boolean;
}

/** This process's output. Once for a process. */
export function openProcessTerminal(): Terminal {
  // The reader may be gone (`heddle check | head`): no reason for a stack trace, and none for a gateway to end.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    // NO_COLOR: https://no-color.org
    hasColor: process.stdout.isTTY === true && !process.env["NO_COLOR"],
  };
}

type Style = Parameters<typeof styleText>[0];

export function paint(terminal: Terminal, style: Style, text: string): string {
  return terminal.hasColor ? styleText(style, text, { validateStream: false }) : text;
}
