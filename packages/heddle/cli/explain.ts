import type { Command } from "commander";
import type { ExplainFlags } from "./run-explain.ts";
import { collect, nodeOption, outputOption, zoneOption } from "./options.ts";
import type { Terminal } from "./terminal.ts";

export function addExplain(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command("explain")
    .summary("say where a request or a connection would go, and why")
    .usage("[options] METHOD URL | tcp://HOST:PORT | tls://SERVER-NAME:PORT | udp://HOST:PORT")
    .description(
      "Prints which listener, route, rule, filters and endpoints a request would take, and why the others did not " +
        "match; or a connection of TCP or TLS, or a client's datagrams. With -f by that configuration, as a heddle at " +
        "--zone and --node would run it; else by the one that a running heddle has in force, where that is.\n" +
        "Exit codes: 0 a route takes it, 1 none does, 2 a wrong command line.",
    )
    .argument("<METHOD>", "such as GET; none with tcp:, tls: and udp:")
    .argument("[URL]", "such as http://shop.localhost:8080/api/x")
    .option("-H, --header <NAME: VALUE>", "a header of the request; repeatable", collect)
    .option("-f, --file <PATH>", "explain by this configuration; repeatable", collect)
    .addOption(zoneOption())
    .addOption(nodeOption())
    .option("--api <ADDRESS:PORT>", "the API of the running heddle", "127.0.0.1:9901")
    .addOption(outputOption())
    .action(async (first: string, second: string | undefined, flags: ExplainFlags) => {
      // Loaded for this command alone: it knows all filters.
      const { runExplain } = await import("./run-explain.ts");
      finish(await runExplain(first, second, flags, terminal));
    });
}
