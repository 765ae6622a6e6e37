// The dashboard of the shared link: reports arrive once a second, or come from a stored run and are played
// again. Everything is drawn from the list of reports and the place in it.

import { Curves, Keyed, ceiling } from "./link-draw.js";
import { Picture } from "./link-picture.js";
import { REASONS, SOURCES, TIERS, decision, delay, moment, percent, rate, scene, why } from "./link-words.js";

const KEEP = 3600;
const COLOURS = 8;
const DECISIONS = 50;
const ROWS = 100;

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const write = (name, text) => { part(name).textContent = text; };

const view = {
  reports: [],
  place: null, // null: the newest
  side: "down",
  window: 120,
  picked: null,
  run: null, // null: live
  speed: 0,
  agent: { connected: false },
};
const colours = new Map();

// A colour belongs to a client as long as the page is open, so that no curve changes its own.
function colourOf(id) {
  if (!colours.has(id)) colours.set(id, colours.size < COLOURS ? `c${colours.size}` : "c-rest");
  return colours.get(id);
}

const rank = (id) => [...colours.keys()].indexOf(id);

const pick = (id) => { view.picked = view.picked === id ? null : id; draw(); };
const picture = new Picture(part("picture"), pick);
const axis = (bits) => rate(bits).replace("bit/s", "").trim();
const sharing = new Curves(part("sharing"), { unit: axis });
const person = new Curves(part("person"), { unit: axis, height: 150 });
const late = new Curves(part("late"), { unit: (ms) => `${ms} ms`, height: 150 });
const rows = new Keyed(part("clients"), (parent, client) => makeRow(parent, client));

function current() {
  return view.place === null ? view.reports.at(-1) : view.reports[view.place];
}

function shownReports() {
  const end = view.place === null ? view.reports.length : view.place + 1;
  const to = view.reports[end - 1].at;
  const from = to - view.window * 1e6;
  let start = end - 1;
  while (start > 0 && view.reports[start - 1].at >= from) start -= 1;
  return view.reports.slice(start, end);
}

function draw() {
  showStatus();
  const report = current();
  part("empty").hidden = report !== undefined;
  part("board").hidden = report === undefined;
  if (report === undefined) return;
  if (report[view.side] === null) view.side = "down";
  for (const button of document.querySelectorAll("[data-side]")) {
    button.setAttribute("aria-pressed", button.dataset.side === view.side);
    button.disabled = report[button.dataset.side] === null;
  }
  showFigures(report);
  picture.show(report, view.side, { colourOf, rank, picked: view.picked });
  const reports = shownReports();
  drawSharing(reports);
  drawPerson(reports, report);
  drawLate(reports);
  showTable(report);
  showDecisions();
  showReplay(report);
}

function showStatus() {
  const report = current();
  const { connected, detail } = view.agent;
  const [text, kind] =
    view.run !== null ? [`Replay: ${view.run.name}`, "pending"]
    : !connected ? ["Gateway is away", "error"]
    : report?.scenario ? [scene(report.scenario), "pending"]
    : ["Live", "success"];
  const badge = part("status");
  badge.textContent = text;
  badge.className = `badge ${kind}`;
  write("detail", view.run === null && !connected ? (detail ?? "It is asked again every second. Who is signed in keeps what they have.") : "");
}

function showFigures(report) {
  const { capacity, used, fairness, latency, drops, trickle_used: trickle } = report[view.side];
  const lowest = report.clients.find((client) => client.id === fairness.lowest);
  write("capacity", rate(capacity.estimate));
  write("capacity-note", `${SOURCES[capacity.source]}, ${capacity.confidence} % sure; shaped to ${rate(capacity.shaped)}`);
  write("used", rate(used));
  write("used-note", capacity.shaped > 0 ? `${percent(Math.min(used / capacity.shaped, 1))} of what is let through` : "");
  write("fairness", report.active > 0 ? fairness.jain.toFixed(3) : "–");
  write("fairness-note", "Jain's index of what each got over what was fair");
  write("lowest", lowest ? percent(fairness.min) : "–");
  write("lowest-note", lowest ? `${lowest.label}: ${why(lowest, view.side)}` : "Nobody is short.");
  write("delay", delay(latency?.p99_us));
  write("delay-note", latency ? `99 of 100 packets; half of them ${delay(latency.p50_us)}` : "not measured here");
  write("people", `${report.active} of ${report.signed_in}`);
  write("people-note", `ask for something; not signed in: ${rate(trickle)}`);
  write("agent", `Queues: ${TIERS[report.tier]} · round ${delay(report.health.tick_us)} · ${report.health.steps} steps · `
    + `${report.health.drift} put right · ${report.health.errors} errors · ${drops} drops · state ${report.generation}`);
}

const useOf = (report, id) => {
  const client = report.clients.find((client) => client.id === id);
  return client ? (client[view.side] ?? client.down) : null;
};

// Who has used most in the window, at most as many as there are colours; the others together.
function drawSharing(reports) {
  const totals = new Map();
  for (const report of reports) {
    for (const client of report.clients) {
      totals.set(client.id, (totals.get(client.id) ?? 0) + (client[view.side] ?? client.down).used);
    }
  }
  const ids = [...totals].sort((a, b) => b[1] - a[1]).slice(0, COLOURS).map(([id]) => id);
  const ordered = [...colours.keys()].filter((id) => ids.includes(id));
  const times = reports.map((report) => report.at);
  let base = times.map(() => 0);
  const series = [];
  for (const id of ordered) {
    const values = reports.map((report, i) => base[i] + (useOf(report, id)?.used ?? 0));
    series.push({ key: id, className: `area ${colourOf(id)}${id === view.picked ? " picked" : ""}`, area: true, base, values });
    base = values;
  }
  const rest = reports.map((report, i) => Math.max(base[i], report[view.side]?.used ?? 0));
  series.push({ key: "rest", className: "area c-rest", area: true, base, values: rest });
  const estimate = reports.map((report) => report[view.side]?.capacity.estimate ?? null);
  const shaped = reports.map((report) => report[view.side]?.capacity.shaped ?? null);
  series.push({ key: "estimate", className: "line capacity", values: estimate });
  series.push({ key: "shaped", className: "line shaped", values: shaped });
  const top = ceiling(Math.max(...estimate, ...rest, 1));
  sharing.show(times, series, { top, label: clockAt(reports) });
}

function drawPerson(reports, report) {
  const id = view.picked ?? report[view.side].fairness.lowest ?? report.clients[0]?.id;
  const client = report.clients.find((client) => client.id === id);
  write("person-name", client ? client.label : "Nobody");
  write("person-why", client ? why(client, view.side) : "");
  const uses = reports.map((report) => useOf(report, id));
  const got = uses.map((use) => use?.used ?? null);
  const fair = uses.map((use) => use?.allocation ?? null);
  // Without an end to what is asked for, the curve of the demand would have none either.
  const asked = uses.map((use) => use?.demand ?? null);
  const top = ceiling(Math.max(...got, ...fair, 1) * 1.15);
  const colour = client ? colourOf(id) : "c-rest";
  person.show(reports.map((report) => report.at), [
    { key: "got", className: `area ${colour}`, area: true, values: got },
    { key: "asked", className: "line asked", values: asked },
    { key: "fair", className: "line fair", values: fair },
  ], { top, label: clockAt(reports) });
}

function drawLate(reports) {
  const of = (name) => reports.map((report) => {
    const value = report[view.side]?.latency?.[name];
    return value === undefined ? null : value / 1000;
  });
  const [half, most] = [of("p50_us"), of("p99_us")];
  const top = ceiling(Math.max(...most, 5));
  late.show(reports.map((report) => report.at), [
    { key: "p99", className: "line p99", values: most },
    { key: "p50", className: "line p50", values: half },
  ], { top, label: clockAt(reports) });
}

function clockAt(reports) {
  const { scenario } = reports[0];
  return (at) => moment({ at, scenario });
}

function makeRow(parent, client) {
  const root = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  const name = document.createElement("button");
  name.className = "who";
  name.addEventListener("click", () => pick(client.id));
  head.append(name);
  root.append(head);
  const cells = ["plan", "asked", "fair", "got", "late", "why"].map((kind) => {
    const cell = document.createElement("td");
    cell.className = kind;
    root.append(cell);
    return cell;
  });
  parent.append(root);
  return { root, name, cells };
}

function planOf(client) {
  const { floor, cap } = client.plan[view.side];
  const weight = client.plan.weight === 1 ? "" : ` ×${client.plan.weight}`;
  return `${axis(floor)}–${cap ? axis(cap) : "all"}${weight}`;
}

function showTable(report) {
  rows.show(report.clients.slice(0, ROWS), (client) => client.id, ({ root, name, cells }, client) => {
    const use = client[view.side] ?? client.down;
    name.textContent = client.label || "unnamed";
    name.className = `who ${colourOf(client.id)}`;
    name.setAttribute("aria-pressed", client.id === view.picked);
    root.className = client.id === view.picked ? "picked" : "";
    const late = client.latency ? delay(client.latency.p99_us) : "–";
    const scores = client.scores ? ` (web ${client.scores.web}, call ${client.scores.call}, video ${client.scores.video})` : "";
    const asked = client.reason === "idle" ? "–" : use.demand === null ? "more" : rate(use.demand);
    const texts = [planOf(client), asked, rate(use.allocation), rate(use.used), `${late}${scores}`, REASONS[client.reason]];
    cells.forEach((cell, i) => { cell.textContent = texts[i]; });
    cells[5].title = why(client, view.side);
  });
  const rest = report.signed_in - Math.min(report.clients.length, ROWS);
  write("table-note", rest > 0 ? `${rest} more are signed in and idle.` : "");
}

function showDecisions() {
  const list = part("decisions");
  const end = view.place === null ? view.reports.length : view.place + 1;
  const lines = [];
  for (let i = end - 1; i >= 0 && lines.length < DECISIONS; i -= 1) {
    for (const made of view.reports[i].decisions.toReversed()) {
      const line = document.createElement("li");
      const time = document.createElement("span");
      time.className = "hint";
      time.textContent = moment({ at: made.at, scenario: view.reports[i].scenario });
      line.append(time, ` ${made.side === "down" ? "Down" : "Up"}: ${decision(made)}`);
      lines.push(line);
    }
  }
  list.replaceChildren(...lines.slice(0, DECISIONS));
  part("no-decisions").hidden = lines.length > 0;
}

function showReplay(report) {
  const slider = part("slider");
  slider.max = view.reports.length - 1;
  slider.value = view.place ?? view.reports.length - 1;
  slider.setAttribute("aria-valuetext", moment(report));
  write("when", moment(report));
  part("play").textContent = view.speed > 0 ? "Pause" : "Play";
  part("play").hidden = view.place === null;
  part("now").hidden = view.place === null && view.run === null;
}

function keep(report) {
  if (view.reports.length > 0 && report.at <= view.reports.at(-1).at) view.reports.length = 0;
  view.reports.push(report);
  for (const client of report.clients) colourOf(client.id);
  if (view.reports.length <= KEEP) return;
  view.reports.shift();
  if (view.place !== null) view.place = Math.max(view.place - 1, 0);
}

let stream = null;

function listen() {
  stream?.close();
  stream = new EventSource("/link/api/stream");
  stream.addEventListener("agent", (event) => { view.agent = JSON.parse(event.data); draw(); });
  stream.addEventListener("report", (event) => { keep(JSON.parse(event.data)); draw(); });
  stream.addEventListener("error", () => {
    view.agent = { connected: false, detail: "This page has lost the server; it keeps asking." };
    draw();
  });
}

async function fetchJson(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function openRun(run) {
  stream?.close();
  let after = null;
  const reports = [];
  do {
    const page = await fetchJson(`/link/api/runs/${run.id}${after === null ? "" : `?after=${after}`}`);
    reports.push(...page.reports);
    after = page.next;
    write("detail", `Fetching ${run.name}: ${reports.length} of ${run.reports} reports`);
  } while (after !== null);
  Object.assign(view, { run, reports, place: 0, speed: 1, picked: null });
  for (const report of reports) for (const client of report.clients) colourOf(client.id);
  draw();
}

function backToNow() {
  Object.assign(view, { place: null, speed: 0 });
  if (view.run !== null) {
    Object.assign(view, { run: null, reports: [] });
    start();
  }
  draw();
}

function play() {
  if (view.place === null || view.speed === 0) return;
  view.place = Math.min(view.place + view.speed, view.reports.length - 1);
  if (view.place === view.reports.length - 1) view.speed = 0;
  draw();
}

function showRuns(runs) {
  const list = part("runs");
  list.replaceChildren(...runs.map((run) => {
    const line = document.createElement("li");
    const open = document.createElement("button");
    open.className = "quiet";
    open.textContent = "Play";
    open.setAttribute("aria-label", `Play ${run.name}`);
    open.addEventListener("click", () => openRun(run).catch((error) => write("detail", error.message)));
    const kind = run.kind !== "simulation" ? "Live" : run.name.startsWith("Lab: ") ? "Lab" : "Simulation";
    const began = new Date(run.started_at).toLocaleString();
    const name = document.createElement("strong");
    name.textContent = run.name;
    const note = document.createElement("span");
    note.className = "hint";
    note.textContent = `${kind} · ${began} · ${run.reports} reports`;
    const text = document.createElement("div");
    text.append(name, document.createElement("br"), note);
    line.className = "row session";
    line.append(text, open);
    return line;
  }));
  part("no-runs").hidden = runs.length > 0;
}

async function start() {
  const [recent, { runs }] = await Promise.all([fetchJson("/link/api/recent"), fetchJson("/link/api/runs")]);
  view.agent = recent.agent;
  recent.reports.forEach(keep);
  showRuns(runs);
  listen();
  draw();
}

for (const button of document.querySelectorAll("[data-side]")) {
  button.addEventListener("click", () => { view.side = button.dataset.side; draw(); });
}
for (const button of document.querySelectorAll("[data-window]")) {
  button.addEventListener("click", () => {
    view.window = Number(button.dataset.window);
    for (const other of document.querySelectorAll("[data-window]")) other.setAttribute("aria-pressed", other === button);
    draw();
  });
}
part("slider").addEventListener("input", (event) => { view.place = Number(event.target.value); view.speed = 0; draw(); });
part("play").addEventListener("click", () => {
  if (view.place === view.reports.length - 1) view.place = 0;
  view.speed = view.speed > 0 ? 0 : Number(part("speed").value);
  draw();
});
part("speed").addEventListener("change", (event) => { if (view.speed > 0) view.speed = Number(event.target.value); });
part("now").addEventListener("click", backToNow);
window.addEventListener("resize", draw);
window.setInterval(play, 1000);
start().catch((error) => write("detail", error.message));
