/**
 * Stands in the page itself, before all that is fetched: the worker and the files are what takes longest, so they are
 * under way before there is a style to lay the page out by. `page.js` goes on with it.
 */

import { readConfig } from "./assets.js";
import { startClient } from "./client.js";

Object.assign(globalThis, { bylineClient: startClient(readConfig()) });
