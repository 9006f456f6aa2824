import { fork } from "node:child_process";
import path from "node:path";
import { ChunkedList } from "@heddle/engine/base";
import { keyOf } from "../resources/index.ts";
import type { ConfigModuleAnswer } from "./config-module-child.ts";
import {
  emptyReading,
  type Reading,
  type SourcedRejection,
  type SourcedResource,
  type UnreadableText,
} from "./reading.ts";
import { readDocument, rejectionOf } from "./read-document.ts";
import { readRoutes } from "./route-flag.ts";
import type { Origin } from "./origin.ts";

export interface ConfigModuleReading {
  readonly reading: Reading;
  /** Absolute paths of the module's own imports, packages left out. */
  readonly imports: readonly string[];
}

const timeoutMs = 15_000;
const maxOutputChars = 4_000;

/** Runs a heddle.config.ts in a process of its own and reads what it exports. Never rejects on what is in it. */
export async function readConfigModule(file: string, routePort: number): Promise<ConfigModuleReading> {
  const answer = await askChild(path.resolve(file));
  if (!answer.isOk) {
    const { message, line, column } = answer;
    const place = line === undefined ? {} : { line, column: column ?? 1 };
    const text: UnreadableText = {
      fileName: answer.file === undefined ? file : shown(file, answer.file),
      message,
      ...place,
    };
    return { reading: { ...emptyReading, unreadable: [text] }, imports: answer.imports };
  }
  return { reading: readAnswer(file, answer, routePort), imports: answer.imports };
}

function readAnswer(file: string, answer: ConfigModuleAnswer & { isOk: true }, routePort: number): Reading {
  const resources: SourcedResource[] = [];
  const rejected: SourcedRejection[] = [];
  for (const [index, document] of answer.resources.entries()) {
    const origin: Origin = { file: `${file}: resources[${index}]`, position: () => undefined };
    const read = readDocument(document);
    const { resource, problems } = read;
    if (resource === undefined) rejected.push({ ...rejectionOf(read), origin });
    else resources.push({ key: keyOf(resource), resource, problems, origin });
  }
  const { reading, mistakes } = readRoutes(answer.routes, routePort, `${file}: routes`);
  const unreadable = mistakes.map((message) => ({ fileName: file, message }));
  return { resources: ChunkedList.of([...resources, ...reading.resources]), rejected, unreadable };
}

/** A path of the child's as the user knows it: beside the file that was given. */
function shown(file: string, found: string): string {
  return found === path.resolve(file)
    ? file
    : path.join(path.dirname(file), path.relative(path.dirname(path.resolve(file)), found));
}

function askChild(file: string): Promise<ConfigModuleAnswer> {
  const { promise, resolve } = Promise.withResolvers<ConfigModuleAnswer>();
  const child = fork(new URL("./config-module-child.ts", import.meta.url), [file], {
    execArgv: [],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "json",
  });
  let output = "";
  let answer: ConfigModuleAnswer | undefined;
  const fail = (message: string): ConfigModuleAnswer => ({ isOk: false, message, imports: [] });
  const timer = setTimeout(() => {
    answer ??= fail(
      `did not finish within ${timeoutMs / 1_000} s; a configuration must not start servers or timers`,
    );
    child.kill("SIGKILL");
  }, timeoutMs);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < maxOutputChars) output += text;
    });
  }
  child.on("message", (message) => {
    answer = message as ConfigModuleAnswer;
    child.kill("SIGKILL");
  });
  child.on("error", (error) => (answer ??= fail(`cannot be run: ${error.message}`)));
  child.on("close", (code, signal) => {
    clearTimeout(timer);
    const how = signal ?? `exit code ${code}`;
    resolve(answer ?? fail(`ended with ${how} before it gave a configuration${firstLine(output)}`));
  });
  return promise;
}

function firstLine(output: string): string {
  const line = output.trim().split("\n", 1)[0] ?? "";
  return line === "" ? "" : `: ${line}`;
}
