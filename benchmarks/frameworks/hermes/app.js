import { load } from "byline/static";

// `print` is all that the engine alone has to speak by.
load().then(
  (classify) => print(`ANSWERS ${JSON.stringify({ static: classify("To be, or not to be") })}`),
  (error) => print(String(error)),
);
