/**
 * Opens the page in Firefox and types a phrase: node firefox.mjs --modules DIR --firefox PATH --url URL < phrases.json
 *
 * Firefox is spoken to by WebDriver BiDi, which it understands itself. Writes, for each phrase, what the page shows:
 *
 *     {"browser": "firefox/153.7.0", "answers": [{"leader": "Shakespeare", "shares": [0.05, 0, 0, 0.95], …}], "said": [], "foreign": []}
 *
 * What was `said` are the console's lines, uncaught exceptions, and breaches of the policy; `foreign` are
 * the addresses outside the page's own origin that were asked for.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { modules: { type: "string" }, firefox: { type: "string" }, url: { type: "string" } },
});
if (!values.modules || !values.firefox || !values.url) {
  throw new Error("--modules, --firefox and --url are needed");
}
/** @type {import("puppeteer-core").PuppeteerNode} */
const puppeteer = createRequire(join(resolve(values.modules), "modules.cjs"))("puppeteer-core");
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: values.firefox,
  headless: true,
});
try {
  const page = await browser.newPage();
  /** @type {string[]} */
  const said = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(String(error)));
  /** @type {string[]} */
  const foreign = [];
  const { origin } = new URL(values.url);
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (asked !== origin && !["data:", "blob:"].includes(protocol)) foreign.push(request.url());
  });
  await page.goto(values.url);
  await page.waitForSelector("html[data-state=ready]");
  const answers = [];
  for (const phrase of JSON.parse(readFileSync(0, "utf8"))) {
    await page.evaluate((text) => {
      const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("phrase"));
      field.value = text;
      field.dispatchEvent(new Event("input"));
    }, phrase);
    await page.waitForSelector("#answer[aria-busy=false]");
    await page.waitForSelector("#effect:not(:empty)");
    answers.push(
      await page.evaluate(() => ({
        leader: document.getElementById("leader")?.textContent,
        effect: document.getElementById("effect")?.textContent,
        coloured: document.querySelectorAll(".word[data-hue]").length,
        shares: Array.from(document.querySelectorAll("[role=meter]"), (bar) =>
          Number(/** @type {HTMLElement} */ (bar).style.getPropertyValue("--share")),
        ),
        width: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      })),
    );
  }
  process.stdout.write(`${JSON.stringify({ browser: await browser.version(), answers, said, foreign })}\n`);
} finally {
  await browser.close();
}
