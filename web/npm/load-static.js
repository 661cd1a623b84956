/**
 * `static.js` once it is bundled: the same as `index.js` with the model imported at once. Service workers, those of
 * extensions among them, refuse `import()`.
 */

import { loadOnce } from "./classify.js";
import * as model from "./model.js";

export const load = loadOnce(async () => model);
