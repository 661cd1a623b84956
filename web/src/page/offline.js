/**
 * Registers the service worker, says when the page is kept on the device or cannot be, and offers a newer build. It never
 * puts one in place by itself: that could take a text away while somebody types it.
 */

import { find, need } from "../shared/dom.js";
import { trustedAddress } from "../shared/trusted.js";

/** @param {string | undefined} address relative to the page; without one there is nothing to keep */
export async function keepOffline(address) {
  if (!address || !("serviceWorker" in navigator)) return;
  try {
    const script = trustedAddress("byline-service-worker", new URL(address, document.baseURI));
    const registration = await navigator.serviceWorker.register(script);
    watchForUpdates(registration);
    await Promise.race([navigator.serviceWorker.ready, refused(registration)]);
    reveal("offline");
  } catch (error) {
    // Private windows and some hosts refuse. The page works, it is only not kept.
    console.info("Byline is not kept for use offline:", error);
    reveal("not-offline");
  }
}

/** @param {string} id */
function reveal(id) {
  const line = find(id);
  if (line) line.hidden = false;
}

/**
 * Rejects when a first worker gives up: the host has changed a file, or does not serve one. An older build that is kept
 * goes on.
 *
 * @param {ServiceWorkerRegistration} registration
 */
function refused({ installing, active }) {
  return new Promise((_, reject) => {
    if (active) return;
    installing?.addEventListener("statechange", () => {
      if (installing.state === "redundant")
        reject(new Error("A file of this build is missing or was changed."));
    });
  });
}

/**
 * Another tab may put a newer build in place while this one is still fetching: its files would be a mix.
 *
 * @param {() => boolean} isLoading
 */
export function reloadIfReplaced(isLoading) {
  const worker = navigator.serviceWorker;
  if (!worker?.controller) return;
  worker.addEventListener("controllerchange", () => isLoading() && location.reload());
}

/** @param {ServiceWorkerRegistration} registration */
function watchForUpdates(registration) {
  const offerIfWaiting = () => {
    // Without a controller the waiting one is the first ever, and replaces nothing.
    if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
  };
  offerIfWaiting();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", offerIfWaiting);
  });
}

/** @param {ServiceWorker} waiting */
function offer(waiting) {
  if (!find("update")) return;
  need("update").hidden = false;
  need("update-now").onclick = () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage("activate");
  };
}

/** Where the browser can install the page, a button does it; it goes once that is done. */
export function offerInstall() {
  const button = find("install");
  globalThis.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    if (!button) return;
    button.hidden = false;
    button.onclick = () => /** @type {any} */ (event).prompt();
  });
  globalThis.addEventListener("appinstalled", () => button?.setAttribute("hidden", ""));
}
