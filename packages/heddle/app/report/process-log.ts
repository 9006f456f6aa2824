import { isatty } from "node:tty";
import { styleText } from "node:util";
import pino from "pino";
import type { Log, LogLevel } from "@heddle/engine/runtime";
import { oneLine } from "./reported-problem.ts";

export type LogFormat = "json" | "text";

/** The process's own log on standard error: one JSON object a line, or one line of text for people. */
export function openProcessLog(format: LogFormat = isatty(2) ? "text" : "json"): Log {
  const destination = pino.destination({ dest: 2, sync: true });
  // A full disk, or a reader that is gone: traffic goes on.
  destination.on("error", () => {});
  if (format === "text") return textLog((line) => destination.write(line), isatty(2));
  const logger = pino(
    {
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return (level, message, fields = {}) => logger[level](fields, message);
}

const colors: Readonly<Record<LogLevel, "gray" | "cyan" | "yellow" | "red">> = {
  debug: "gray",
  info: "cyan",
  warn: "yellow",
  error: "red",
};

/** `level  message  name=value`; what comes from outside cannot begin a line of its own. */
function textLog(write: (line: string) => void, hasColor: boolean): Log {
  return (level, message, fields = {}) => {
    if (level === "debug") return;
    const label = level.padEnd(5);
    const shown = hasColor ? styleText(colors[level], label, { validateStream: false }) : label;
    const details = Object.entries(fields).map(([name, value]) => ` ${name}=${shownValue(value)}`);
    write(`${shown} ${oneLine(`${message}${details.join("")}`)}\n`);
  };
}

function shownValue(value: unknown): string {
  return typeof value === "string" && /^[^\s="]+$/.test(value) ? value : (JSON.stringify(value) ?? "");
}
