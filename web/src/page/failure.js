/** A page that cannot answer says why, and answers nothing. */

import { need } from "../shared/dom.js";

/** @param {unknown} error */
export function fail(error) {
  document.documentElement.dataset.state = "failed";
  need("status").textContent = "";
  need("failure-reason").textContent = error instanceof Error ? error.message : String(error);
  need("failure").hidden = false;
  console.error(error);
}
