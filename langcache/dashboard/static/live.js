// A page that is told of something new asks for itself again, and takes over the parts that differ.

const pulse = document.getElementById("pulse");
const shown = new Map([...document.querySelectorAll("[data-live][id]")].map((part) => [part.id, part.outerHTML]));
let isStale = false;
let isAsking = false;

function say(words, isLive) {
  if (pulse.textContent !== words) pulse.textContent = words;
  pulse.classList.toggle("is-live", isLive);
}

async function refresh() {
  if (isAsking || document.hidden) return;
  isAsking = true;
  isStale = false;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok && !answer.redirected) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    isStale = true;
  } finally {
    isAsking = false;
  }
}

function takeOver(fresh) {
  for (const part of fresh.querySelectorAll("[data-live][id]")) {
    const old = document.getElementById(part.id);
    const text = part.outerHTML;
    if (!old || shown.get(part.id) === text || old.contains(document.activeElement)) continue;
    shown.set(part.id, text);
    old.replaceWith(document.adoptNode(part));
  }
  document.dispatchEvent(new CustomEvent("langcache:refreshed"));
}

let told = document.body.dataset.pulse;
const source = new EventSource("/live");
source.addEventListener("open", () => say("Live", true));
source.addEventListener("error", () => say("Reconnecting…", false));
source.addEventListener("message", ({ data }) => {
  isStale = isStale || told !== data;
  told = data;
  if (isStale) refresh();
});
document.addEventListener("visibilitychange", () => isStale && refresh());
addEventListener("pagehide", () => source.close());
