// The demo: seven services, Heddle in front of them. `npm run demo`; `--help` lists the options.
import { checkTry } from "./demo/check.ts";
import { printResult, printTries, tellOnConsole } from "./demo/console.ts";
import { helpText, parseOptions } from "./demo/options.ts";
import type { DemoOptions } from "./demo/options.ts";
import { Shop } from "./demo/shop.ts";
import type { RunningShop } from "./demo/shop.ts";
import { listTries } from "./demo/tries.ts";

/**
 * Runs the demo until a signal or, with `--check`, until every request was sent. Returns the exit code:
 * 0 stopped as asked, 1 something failed. `heddleCommand` are the arguments that make Node run Heddle.
 */
export async function runDemo(options: DemoOptions, heddleCommand?: string[]): Promise<number> {
  const asked = Promise.withResolvers<"asked">();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => asked.resolve("asked"));
  // The reader of the output is gone (`npm run demo | head`): nobody is left to stop the demo for.
  process.stdout.on("error", () => asked.resolve("asked"));
  const heddleGone = Promise.withResolvers<"failed">();
  const events = tellOnConsole(!options.isCheck);
  const shop = new Shop(
    options,
    {
      ...events,
      onCrash: (name, how, lastLines) => {
        events.onCrash(name, how, lastLines);
        // Without a service Heddle shows how it copes; without Heddle there is nothing to show.
        if (name === "heddle") heddleGone.resolve("failed");
      },
    },
    heddleCommand,
  );
  try {
    const work = openShop(shop, options);
    // Stopping makes what is still starting fail; the failure is of no interest then.
    work.catch(() => {});
    const outcome = await Promise.race([work, asked.promise, heddleGone.promise]);
    if (outcome === "asked") console.log("\nstopping …");
    return outcome === "failed" ? 1 : 0;
  } catch (error) {
    console.error(`demo: ${(error as Error).message}`);
    return 1;
  } finally {
    await shop.stop();
  }
}

async function openShop(shop: Shop, options: DemoOptions): Promise<"passed" | "failed"> {
  const running = await shop.start();
  if (options.isCheck) return (await checkAll(running)) ? "passed" : "failed";
  printTries(listTries(running.origins), running);
  return new Promise(() => {});
}

async function checkAll({ origins, ca }: RunningShop): Promise<boolean> {
  let failures = 0;
  const tries = listTries(origins);
  for (const attempt of tries) {
    const result = await checkTry(attempt, ca);
    printResult(result);
    if (result.complaint !== undefined) failures += 1;
  }
  console.log(`${tries.length - failures} of ${tries.length} passed`);
  return failures === 0;
}

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (!options.isHelp) return await runDemo(options);
    process.stdout.write(helpText);
    return 0;
  } catch (error) {
    console.error(`demo: ${(error as Error).message}; --help lists the options`);
    return 2;
  }
}

if (import.meta.main) process.exitCode = await main();
