// Figures and reasons of the link, in words. Rates come in bit/s, delays in microseconds, moments in
// microseconds since 1970 (or since a simulation began).

const UNITS = [[1e9, "Gbit/s"], [1e6, "Mbit/s"], [1e3, "kbit/s"]];

export function rate(bits) {
  if (bits === null || bits === undefined) return "–";
  const [size, unit] = UNITS.find(([size]) => bits >= size) ?? [1, "bit/s"];
  const number = bits / size;
  return `${number.toFixed(number >= 100 || size === 1 ? 0 : number >= 10 ? 1 : 2)} ${unit}`;
}

export function bytes(count) {
  const [size, unit] = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]].find(([size]) => count >= size) ?? [1, "B"];
  return `${(count / size).toFixed(size === 1 ? 0 : 1)} ${unit}`;
}

export function delay(micros) {
  if (micros === null || micros === undefined) return "–";
  const ms = micros / 1000;
  return `${ms.toFixed(ms >= 10 ? 0 : 1)} ms`;
}

export const percent = (part) => `${(part * 100).toFixed(part >= 0.995 ? 0 : 1)} %`;

const two = (number) => String(number).padStart(2, "0");

// What the lab plays on a real kernel says so in its name.
export const scene = (name) => (name.startsWith("Lab: ") ? name : `Simulation: ${name}`);

// A simulation counts from zero; a live link has the time of day.
export function moment(report) {
  if (report.scenario !== null) {
    const seconds = Math.round(report.at / 1e6);
    return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  }
  const at = new Date(report.at / 1000);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export const TIERS = {
  cake: "cake",
  fq_codel: "fq_codel",
  mini_fq: "nested flow queues",
  fifo: "one queue each",
};

export const SOURCES = {
  fixed: "set by the operator",
  schedule: "by the schedule",
  telemetry: "told by the modem",
  probe: "inferred from delay",
};

export const REASONS = {
  idle: "Idle",
  satisfied: "Has all it asks for",
  own_cap: "At its own maximum",
  demoted: "Quota used up",
  link_full: "Link is full",
  link_degraded: "Link is weak",
};

// Why somebody is as fast as they are, as a sentence to them.
export function why(client, side) {
  const use = client[side] ?? client.down;
  const cap = client.plan[side]?.cap;
  switch (client.reason) {
    case "idle": return "Nothing is being asked for at the moment.";
    case "satisfied": return "Everything that is asked for gets through.";
    case "own_cap": return cap ? `The plan allows at most ${rate(cap)}.` : "The plan allows no more.";
    case "demoted": return "Today's quota is used up, so others come first; the line stays open.";
    case "link_full": return `The link is full. ${rate(use.allocation)} is the fair share of it.`;
    case "link_degraded": return `The link carries less than usual. ${rate(use.allocation)} is the fair share of what there is.`;
    default: return "";
  }
}

const ACTIONS = {
  drain: "Slows down for a moment to empty the modem's queue",
  cruise: "Runs just below the capacity",
  grow: "Tries a little more",
  hold: "Stays as it is",
  base: "Goes back to the base rate",
  ignore: "Does nothing",
};

const GROUNDS = {
  capacity_fell: "the link carries less than before",
  capacity_rose: "the link carries more than before",
  delayed: "packets come late while the link is busy",
  standing_queue: "a queue stands behind the shaper",
  drained: "the queue has had the time to empty",
  headroom: "busy, and nothing comes late",
  handover: "late packets around a change of satellites",
  stale: "no news for ten seconds",
  lost: "no news for long",
};

export function decision(made) {
  const said = made.dry_run ? "Would: " : "";
  const change = made.from === made.to ? "" : ` (${rate(made.from)} → ${rate(made.to)})`;
  return `${said}${ACTIONS[made.action] ?? made.action}: ${GROUNDS[made.reason] ?? made.reason}${change}.`;
}
