// Comfort for pages that work without it: focus, countdowns, the state of a mail, showing a password.
// Nothing here submits a form.

// The server's clock is the one that counts; ours may be wrong.
const skew = Date.parse(document.body.dataset.now) - Date.now();
const secondsUntil = (iso) => Math.ceil((Date.parse(iso) - Date.now() - skew) / 1000);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function focusFirstError() {
  document.querySelector("[aria-invalid]")?.focus();
}

function offerToShowPasswords() {
  for (const button of all("[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.firstChild.data = shown ? "Hide" : "Show";
    };
    button.hidden = false;
    button.addEventListener("click", () => show(input.type === "password"));
    // A browser offers to keep what stands in a password field only.
    input.form.addEventListener("submit", () => show(false));
  }
}

function askBeforeEndings() {
  for (const form of all("form[data-confirm]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset.confirm)) event.preventDefault();
    });
  }
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function relative(iso) {
  const seconds = secondsUntil(iso);
  const unit = UNITS.find(([, length]) => Math.abs(seconds) >= length);
  return unit ? words.format(Math.round(seconds / unit[1]), unit[0]) : "just now";
}

function showRelativeTimes() {
  for (const time of all("time[data-relative]")) {
    time.title ||= time.textContent;
    time.textContent = relative(time.dateTime);
  }
}

function clock(seconds) {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} min`;
}

function tellDelivery(box, status) {
  if (box.dataset.delivery === status) return;
  box.dataset.delivery = status;
  for (const sentence of all("[data-when]", box)) sentence.hidden = sentence.dataset.when !== status;
}

function countDown() {
  for (const box of all("[data-delivery]")) {
    const line = box.querySelector("[data-expires]");
    const left = line.dataset.expires ? secondsUntil(line.dataset.expires) : 0;
    const counting = box.dataset.delivery === "sent" && line.dataset.expires !== "";
    if (counting && left <= 0) tellDelivery(box, "expired");
    line.hidden = !counting || left <= 0;
    line.querySelector("[data-left]").textContent = `for ${clock(Math.max(left, 0))}`;
  }
  for (const button of all("[data-resend]")) {
    button.dataset.label ??= button.textContent;
    const left = button.dataset.resend ? secondsUntil(button.dataset.resend) : 0;
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${button.dataset.label} (in ${clock(left)})` : button.dataset.label;
  }
}

// Asks how the mail fares until it is sent or lost. Resolves to whether to ask again.
async function askDelivery(box) {
  const answer = await fetch("/auth/registration", { headers: { accept: "application/json" } });
  if (!answer.ok) return answer.status >= 500;
  const state = await answer.json();
  box.querySelector("[data-expires]").dataset.expires = state.code_expires_at ?? "";
  for (const button of all("[data-resend]")) button.dataset.resend = state.resend_after ?? "";
  tellDelivery(box, state.mail);
  countDown();
  return state.mail === "queued" || state.mail === "deferred";
}

async function followDelivery(box) {
  const again = document.hidden || (await askDelivery(box).catch(() => true));
  if (again) window.setTimeout(followDelivery, 2000, box);
}

focusFirstError();
offerToShowPasswords();
askBeforeEndings();
showRelativeTimes();
countDown();
window.setInterval(countDown, 1000);
window.setInterval(showRelativeTimes, 30000);
for (const box of all('[data-delivery="queued"], [data-delivery="deferred"]')) followDelivery(box);
