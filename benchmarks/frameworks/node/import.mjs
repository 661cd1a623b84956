import { load } from "byline";
import "byline/phrase-classifier";
import { load as loadStatic } from "byline/static";

const TEXT = "To be, or not to be";
const answers = { module: (await load())(TEXT), static: (await loadStatic())(TEXT) };
console.log(`ANSWERS ${JSON.stringify(answers)}`);
