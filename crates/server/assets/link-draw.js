// Drawing in SVG: elements by name, kept by key from one report to the next, and curves over time.

const NS = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, parent = null) {
  const made = document.createElementNS(NS, name);
  set(made, attributes);
  parent?.append(made);
  return made;
}

export function set(target, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") target.textContent = value;
    else target.setAttribute(name, value);
  }
  return target;
}

// The children of a group by key: made when they come, removed when they go.
export class Keyed {
  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
    this.parts = new Map();
  }

  show(items, keyOf, update) {
    const gone = new Set(this.parts.keys());
    items.forEach((item, index) => {
      const key = keyOf(item);
      gone.delete(key);
      if (!this.parts.has(key)) this.parts.set(key, this.make(this.parent, item));
      update(this.parts.get(key), item, index);
    });
    for (const key of gone) {
      this.parts.get(key).root.remove();
      this.parts.delete(key);
    }
  }
}

// A round number at or above `value`, so that an axis does not twitch.
export function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 7.5, 10].map((step) => step * power).find((step) => step >= value * 1.02);
}

const PAD = { left: 56, right: 8, top: 8, bottom: 22 };

// Curves over time. `series` are { className, index?, area?, values: [number | null] }, all as long as `times`.
export class Curves {
  constructor(svg, { unit, height = 180 }) {
    this.svg = svg;
    this.unit = unit;
    this.height = height;
    this.grid = element("g", { class: "grid" }, svg);
    this.lines = new Keyed(element("g", {}, svg), (parent) => ({ root: element("path", {}, parent) }));
  }

  show(times, series, { top, label }) {
    const width = Math.max(this.svg.clientWidth, 260);
    set(this.svg, { viewBox: `0 0 ${width} ${this.height}` });
    const [from, to] = [times[0] ?? 0, Math.max(times.at(-1) ?? 1, (times[0] ?? 0) + 1)];
    const x = (time) => PAD.left + ((time - from) / (to - from)) * (width - PAD.left - PAD.right);
    const y = (value) => {
      const room = this.height - PAD.top - PAD.bottom;
      return this.height - PAD.bottom - (Math.min(value, top) / top) * room;
    };
    this.showGrid(width, top, x, y, from, to, label);
    this.lines.show(series, (line) => line.key, (part, line) => {
      set(part.root, { class: line.className, d: path(times, line, x, y) });
    });
  }

  showGrid(width, top, x, y, from, to, label) {
    this.grid.replaceChildren();
    for (const part of [0, 0.5, 1]) {
      const level = y(top * part);
      element("line", { x1: PAD.left, x2: width - PAD.right, y1: level, y2: level }, this.grid);
      element("text", { x: PAD.left - 6, y: level + 4, "text-anchor": "end", text: this.unit(top * part) }, this.grid);
    }
    const marks = width < 480 ? [0, 1] : [0, 0.5, 1];
    for (const part of marks) {
      const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
      const time = from + (to - from) * part;
      element("text", { x: x(time), y: this.height - 6, "text-anchor": anchor, text: label(time) }, this.grid);
    }
  }
}

// A gap where a value is missing; an area lies on `line.base` or on the ground.
function path(times, line, x, y) {
  let d = "";
  let run = [];
  const close = () => {
    if (run.length === 0) return;
    d += `M${run.map((i) => `${x(times[i]).toFixed(1)},${y(line.values[i]).toFixed(1)}`).join("L")}`;
    if (line.area) {
      const back = run.toReversed().map((i) => `${x(times[i]).toFixed(1)},${y(line.base?.[i] ?? 0).toFixed(1)}`);
      d += `L${back.join("L")}Z`;
    }
    run = [];
  };
  line.values.forEach((value, i) => (value === null ? close() : run.push(i)));
  close();
  return d;
}
