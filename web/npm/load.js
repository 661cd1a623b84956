/**
 * The package's own module, `index.js` once it is bundled. `index.d.ts` says what it gives.
 *
 *     const classify = await load();
 *     classify("To be or not to be");  // [{label: "Shakespeare", score: 0.71}, {label: "Cowper", score: 0.2}, …]
 */

import { loadOnce } from "./classify.js";

// A module and not a file that is fetched: bundlers split it off, and Node fetches nothing from a disk.
export const load = loadOnce(() => import("./model.js"));
