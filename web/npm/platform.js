/** TF.js' platform under Node, without what only CommonJS can load: `build.mjs` puts it in the place of the package's. */

import { env } from "@tensorflow/tfjs-core/dist/environment";
import { PlatformBrowser } from "@tensorflow/tfjs-core/dist/platforms/platform_browser";

if (env().get("IS_NODE") && !env().get("IS_BROWSER")) env().setPlatform("node", new PlatformBrowser());
