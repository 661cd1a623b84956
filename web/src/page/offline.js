/**
 * Registers the service worker, says when the page is kept on the device, and offers a newer build. It never
 * puts one in place by itself: that could take a text away while somebody types it.
 */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string | undefined} address relative to the page; without one there is nothing to keep */
export async function keepOffline(address) {
  if (!address || !("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register(new URL(address, document.baseURI));
    watchForUpdates(registration);
    await navigator.serviceWorker.ready;
    byId("offline").hidden = false;
  } catch (error) {
    // Private windows and some hosts refuse. The page works, it is only not kept.
    console.info("Byline is not kept for use offline:", error);
  }
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
  byId("update").hidden = false;
  byId("update-now").onclick = () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting.postMessage("activate");
  };
}
