/**
 * Stands in the page itself, before all that is fetched: the worker and the files are what takes longest, so they are
 * under way before there is a style to lay the page out by. `page.js` goes on with it, if it is the build's.
 */

import { trustedAddress } from "../shared/trusted.js";
import { fetchExact, readConfig } from "./assets.js";
import { startClient } from "./client.js";
import { fail } from "./failure.js";

const SCRIPT = "app.js";
const config = readConfig();
const address = trustedAddress("byline-page", new URL(SCRIPT, document.baseURI));

/**
 * The browser has refused the page's script: it could not be fetched, or is not the one of the build. An older one may
 * have been kept by the browser, so it is fetched once more.
 *
 * @param {HTMLScriptElement} refused
 */
async function startAgain({ integrity }) {
  await fetchExact(SCRIPT, config);
  const script = document.createElement("script");
  script.integrity = integrity;
  script.src = address;
  script.onerror = () => fail(new Error(`${script.src} was changed: its SHA-256 is not this build's.`));
  document.head.append(script);
}

addEventListener(
  "error",
  ({ target }) => {
    if (target instanceof HTMLScriptElement && target.id === "byline-page") startAgain(target).catch(fail);
  },
  true, // it does not bubble
);

Object.assign(globalThis, { bylineClient: startClient(config) });
