import { load } from "byline";
import { Client } from "./client";

export default async function Page() {
  const classify = await load(); // while the page is built, on the server
  return <Client server={classify("To be, or not to be")} />;
}
