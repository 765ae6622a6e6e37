// The network as a picture: who steers, what carries, who shares. A line is as wide as what flows in it.

import { Keyed, element, set } from "./link-draw.js";
import { rate } from "./link-words.js";

const MOST = 10;
const NARROW = 640;

export class Picture {
  constructor(svg, onPick) {
    this.svg = svg;
    this.control = element("path", { class: "control" }, svg);
    this.uplink = flow(element("g", { class: "uplink" }, svg));
    const edges = element("g", {}, svg);
    this.edges = new Keyed(edges, (parent) => flow(element("g", {}, parent)));
    this.manager = node(svg, "Manager", "plans and sign-ins");
    this.space = node(svg, "Link", "");
    this.gateway = gauge(svg);
    this.clients = new Keyed(element("g", {}, svg), (parent, client) => person(parent, client, onPick));
    this.more = element("text", { class: "more", "text-anchor": "middle" }, svg);
  }

  show(report, side, { colourOf, rank, picked }) {
    const width = Math.max(this.svg.clientWidth, 280);
    // The busiest, each in a place that does not change with every report.
    const shown = report.clients.slice(0, MOST).sort((a, b) => rank(a.id) - rank(b.id));
    const place = width < NARROW ? tall(width, shown.length) : wide(width, shown.length);
    set(this.svg, { viewBox: `0 0 ${width} ${place.height}`, "aria-label": said(report, side) });
    this.svg.style.height = `${place.height}px`;

    const state = report[side] ?? report.down;
    const { estimate, shaped } = state.capacity;
    const part = shaped > 0 ? Math.min(state.used / shaped, 1) : 0;
    move(this.manager.root, place.manager);
    move(this.space.root, place.space);
    set(this.space.note, { text: rate(estimate) });
    move(this.gateway.root, place.gateway);
    set(this.gateway.arc, { "stroke-dasharray": `${(part * 100).toFixed(1)} 100` });
    set(this.gateway.figure, { text: `${Math.round(part * 100)} %` });
    set(this.control, { d: between(place.manager, place.gateway) });
    this.stream(this.uplink, between(place.space, place.gateway), state.used, estimate);

    const top = Math.max(estimate, 1);
    const spot = (index) => place.clients[index];
    this.edges.show(shown, (client) => client.id, (part, client, index) => {
      const use = (client[side] ?? client.down).used;
      set(part.root, { class: `edge ${colourOf(client.id)}${client.id === picked ? " picked" : ""}` });
      this.stream(part, between(place.gateway, spot(index)), use, top);
    });
    this.clients.show(shown, (client) => client.id, (part, client, index) => {
      const use = (client[side] ?? client.down).used;
      move(part.root, spot(index));
      set(part.dot, { class: `dot ${colourOf(client.id)}` });
      set(part.card, { width: place.card });
      set(part.name, { text: short(client.label, Math.floor((place.card - 44) / 7.5)) });
      set(part.note, { text: client.reason === "idle" ? "idle" : rate(use) });
      part.root.classList.toggle("picked", client.id === picked);
      part.root.setAttribute("aria-pressed", client.id === picked);
    });
    const rest = report.signed_in - shown.length;
    set(this.more, { ...place.more, text: rest > 0 ? `and ${rest} more` : "" });
  }

  stream(part, d, used, top) {
    const width = used > 0 ? 1.5 + 9 * Math.sqrt(Math.min(used / top, 1)) : 1;
    set(part.pipe, { d, "stroke-width": (width + 3).toFixed(1) });
    set(part.moving, { d, "stroke-width": Math.max(width, 1.5).toFixed(1), class: used > 0 ? "moving" : "still" });
  }
}

const short = (label, most) => (label.length > most ? `${label.slice(0, most - 1)}…` : label || "unnamed");
const move = (target, { x, y }) => target.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);

function said(report, side) {
  const state = report[side] ?? report.down;
  return `${report.active} of ${report.signed_in} people share ${rate(state.capacity.estimate)}; ${rate(state.used)} is in use.`;
}

function between(from, to) {
  const level = Math.abs(to.x - from.x) > Math.abs(to.y - from.y);
  const middle = level ? (from.x + to.x) / 2 : (from.y + to.y) / 2;
  return level
    ? `M${from.x},${from.y}C${middle},${from.y} ${middle},${to.y} ${to.x},${to.y}`
    : `M${from.x},${from.y}C${from.x},${middle} ${to.x},${middle} ${to.x},${to.y}`;
}

function wide(width, count) {
  const height = Math.max(240, count * 44 + 52);
  const gateway = { x: width * 0.42, y: height / 2 };
  return {
    height,
    card: 180,
    gateway,
    manager: { x: width * 0.12, y: height * 0.26 },
    space: { x: width * 0.12, y: height * 0.74 },
    clients: Array.from({ length: count }, (_, i) => ({ x: width - 190, y: height / 2 - 10 + (i - (count - 1) / 2) * 44 })),
    more: { x: width - 110, y: height - 6 },
  };
}

function tall(width, count) {
  const rows = Math.ceil(count / 2);
  const first = 236;
  return {
    height: first + rows * 62 + 24,
    card: Math.floor(width / 2 - 6),
    manager: { x: width * 0.22, y: 40 },
    space: { x: width * 0.78, y: 40 },
    gateway: { x: width / 2, y: 146 },
    clients: Array.from({ length: count }, (_, i) => ({
      x: (i % 2 ? width / 2 + 6 : 0) + 20,
      y: first + Math.floor(i / 2) * 62,
    })),
    more: { x: width / 2, y: first + rows * 62 + 8 },
  };
}

function node(svg, title, note) {
  const root = element("g", { class: "node" }, svg);
  element("rect", { x: -62, y: -27, width: 124, height: 54, rx: 12 }, root);
  element("text", { y: -3, "text-anchor": "middle", class: "title", text: title }, root);
  return { root, note: element("text", { y: 15, "text-anchor": "middle", text: note }, root) };
}

function gauge(svg) {
  const root = element("g", { class: "gauge" }, svg);
  element("circle", { r: 50, class: "plate" }, root);
  element("circle", { r: 43, class: "track", pathLength: 100 }, root);
  const arc = element("circle", { r: 43, class: "arc", pathLength: 100, transform: "rotate(-90)" }, root);
  const figure = element("text", { y: 2, "text-anchor": "middle", class: "figure" }, root);
  element("text", { y: 20, "text-anchor": "middle", text: "Gateway" }, root);
  return { root, arc, figure };
}

function flow(root) {
  return { root, pipe: element("path", { class: "pipe" }, root), moving: element("path", {}, root) };
}

function person(parent, client, onPick) {
  const root = element("g", { class: "person", tabindex: 0, role: "button", "aria-label": client.label }, parent);
  const card = element("rect", { x: -20, y: -20, height: 40, rx: 10 }, root);
  const dot = element("circle", { r: 9, class: "dot" }, root);
  const name = element("text", { x: 20, y: -2, class: "title" }, root);
  const note = element("text", { x: 20, y: 14 }, root);
  root.addEventListener("click", () => onPick(client.id));
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onPick(client.id);
  });
  return { root, card, dot, name, note };
}
