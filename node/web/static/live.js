// What another place changes appears without reloading: the node says that
// something is new, the page is asked for again, and of it the elements marked
// data-live take the place of those that stand here. One that has the focus,
// or a form in which something was typed, is left alone. Where other elements
// are marked than before, all of the page's content takes the place of what
// stands here.
"use strict";
const mark = document.documentElement.dataset.mark || "";
let due = false, busy = false;

const inUse = (el) => el.contains(document.activeElement) ||
  [...el.querySelectorAll("input, textarea, select")].some((f) =>
    f.type === "checkbox" || f.type === "radio" ? f.checked !== f.defaultChecked :
    f.tagName !== "SELECT" && f.type !== "hidden" && f.value !== f.defaultValue);

async function refresh() {
  if (busy || document.hidden) { due = true; return; }
  busy = true; due = false;
  try {
    const url = new URL(location.href);
    url.searchParams.delete("said");
    const answer = await fetch(url, { headers: { "X-Navette-Live": "1" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const parts = (d) => [...d.querySelectorAll("main [data-live][id]")].map((el) => el.id).join(" ");
    const whole = parts(document) !== parts(fresh); // the first of a list, or the last is gone
    for (const old of document.querySelectorAll(whole ? "main, #strip" : "[data-live][id]")) {
      const now = fresh.getElementById(old.id);
      old.classList.remove("fresh");
      if (!now || now.isEqualNode(old) || inUse(old)) continue;
      const put = document.importNode(now, true);
      if (!whole && now.textContent !== old.textContent) put.classList.add("fresh");
      old.replaceWith(put);
    }
  } catch {
    // The place is out of reach: the stream says so when it is back.
  } finally {
    busy = false;
    setTimeout(() => due && refresh(), 500);
  }
}

const events = new EventSource("/events?since=" + encodeURIComponent(mark));
events.onmessage = () => {
  if (!due) setTimeout(refresh, 150); // what is changed together is shown together
  due = true;
};
document.addEventListener("visibilitychange", () => !document.hidden && due && refresh());
addEventListener("pagehide", () => events.close());
