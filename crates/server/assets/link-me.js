// "My share, and why": what the page said when it was loaded, kept fresh.

import { delay, bytes, percent, rate, why } from "./link-words.js";

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const write = (name, text) => { part(name).textContent = text; };

function show({ bound, client, capacity, fair, today }) {
  part("unbound").hidden = bound;
  part("share").hidden = !bound;
  if (!bound) return;
  const use = client?.down;
  write("got", rate(use?.used ?? 0));
  write("got-up", rate(client?.up?.used ?? 0));
  write("why", client ? why(client, "down") : "Nothing is being asked for at the moment.");
  write("fair", rate(fair));
  write("link", capacity ? `${rate(capacity.estimate)}, ${percent(capacity.estimate / capacity.rated)} of what it is sold as` : "–");
  write("late", client?.latency ? delay(client.latency.p50_us) : "not measured here");
  write("today", today.quota_bytes ? `${bytes(today.used_bytes)} of ${bytes(today.quota_bytes)}` : bytes(today.used_bytes));
  const meter = part("meter");
  meter.max = Math.max(fair, use?.used ?? 0, 1);
  meter.value = use?.used ?? 0;
}

async function ask() {
  const answer = await fetch("/link/api/me", { headers: { accept: "application/json" } });
  if (answer.status === 401) window.location.reload();
  if (answer.ok) show(await answer.json());
}

async function follow() {
  if (!document.hidden) await ask().catch(() => {});
  window.setTimeout(follow, 2000);
}

follow();
