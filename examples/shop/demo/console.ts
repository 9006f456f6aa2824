import { styleText } from "node:util";
import type { CheckResult } from "./check.ts";
import { formatCurl } from "./curl.ts";
import type { RunningShop, ShopEvents } from "./shop.ts";
import type { Try } from "./tries.ts";

type Style = Parameters<typeof styleText>[0];

// styleText leaves colour out where stdout is no terminal or NO_COLOR is set.
const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

/** The demo's voice. `isVerbose` also shows what the services and Heddle print. */
export function tellOnConsole(isVerbose: boolean): ShopEvents {
  return {
    onProgress: (text) => console.log(`${paint("green", "✓")} ${text}`),
    onLine: (name, line) => {
      if (isVerbose && !line.startsWith('{"ready":true')) console.log(paint("dim", `${name} | ${line}`));
    },
    onCrash: (name, how, lastLines) => {
      console.log(paint("red", `✗ ${name} ended by itself: ${how}`));
      for (const line of lastLines) console.log(paint("red", `  ${name} | ${line}`));
    },
    onKilled: (name, afterMs) => {
      console.log(paint("red", `✗ ${name} did not end within ${afterMs / 1000} s and was killed`));
    },
  };
}

export function printTries(tries: readonly Try[], { origins, caFile, configuration }: RunningShop): void {
  console.log(`
${paint("bold", "The shop is open")}
  page     ${paint("cyan", `${origins.shop}/`)}  (and ${origins.shopTls}/)
  api      ${paint("cyan", `${origins.api}/products`)}
  heddle   ${paint("cyan", `${origins.admin}/`)}
  config   ${configuration}  (edit a file: it is loaded again)

${paint("bold", "To try")}`);
  for (const attempt of tries) {
    const { flags, pipe } = attempt;
    console.log(`  ${paint("dim", `# ${attempt.shows}`)}`);
    console.log(`  ${formatCurl(attempt.request, { flags, pipe, caFile })}`);
  }
  console.log(`\nCtrl-C stops everything.\n`);
}

export function printResult({ shows, complaint }: CheckResult): void {
  if (complaint === undefined) console.log(`${paint("green", "pass")} ${shows}`);
  else console.log(`${paint("red", "FAIL")} ${shows}\n     ${complaint.replaceAll("\n", "\n     ")}`);
}
