// A page that is told of something new asks for itself again, and takes over the parts that differ.
// It asks for a tenth of the time at most, so that a view that is slow to make does not keep the server busy.

const PAUSE_MS = 500;
const BUSY = 10;

const pulse = document.getElementById("pulse");
const shown = new Map([...document.querySelectorAll("[data-live][id]")].map((part) => [part.id, part.outerHTML]));
let isStale = false;
let isResting = false;
let isBehind = false;

function say(words, isLive) {
  if (pulse.textContent !== words) pulse.textContent = words;
  pulse.classList.toggle("is-live", isLive);
}

async function refresh() {
  if (isResting || document.hidden) return;
  isResting = true;
  isStale = false;
  const began = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok && !answer.redirected) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    isStale = true;
  }
  setTimeout(rested, Math.max(PAUSE_MS, BUSY * (performance.now() - began)));
}

function rested() {
  isResting = false;
  if (isStale) refresh();
}

function takeOver(fresh) {
  for (const part of fresh.querySelectorAll("[data-live][id]")) {
    const old = document.getElementById(part.id);
    const text = part.outerHTML;
    if (!old || shown.get(part.id) === text) continue;
    if (old.contains(document.activeElement)) {
      isBehind = true; // what has the focus stays where it is until the focus has gone on
      continue;
    }
    shown.set(part.id, text);
    old.replaceWith(document.adoptNode(part));
  }
  document.dispatchEvent(new CustomEvent("langcache:refreshed"));
}

// Only a page that is looked at listens: a browser keeps few connections to one host, and every tab would hold one.
let told = document.body.dataset.pulse;
let source;

function listen() {
  source?.close();
  source = new EventSource("/live");
  source.addEventListener("open", () => say("Live", true));
  source.addEventListener("error", () => say("Reconnecting…", false));
  source.addEventListener("message", ({ data }) => {
    isStale = isStale || told !== data;
    told = data;
    if (isStale) refresh();
  });
}

document.addEventListener("visibilitychange", () => (document.hidden ? source.close() : listen()));
document.addEventListener("focusout", () => {
  isStale = isStale || isBehind;
  isBehind = false;
  if (isStale) refresh();
});
addEventListener("pagehide", () => source.close());
addEventListener("pageshow", ({ persisted }) => persisted && listen());
listen();
