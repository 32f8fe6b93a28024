// The console's script: sends forms as JSON, keeps the live parts of a page current, lets the shown
// clock run, and copies texts. Pages say what to do in data attributes; no markup is made here.
"use strict";

const text = document.body.dataset;

// --- messages -----------------------------------------------------------------------------------

const notice = document.getElementById("notice");

function say(message, bad) {
  notice.textContent = message;
  notice.className = bad ? "notice bad" : "notice";
  notice.hidden = false;
  clearTimeout(notice.timer);
  // A problem stays until the next action.
  if (!bad) notice.timer = setTimeout(() => (notice.hidden = true), 8000);
}

function sayProblem(problem) {
  const english = document.documentElement.lang === "en";
  const of = (field) => (english && problem[`${field}_en`]) || problem[field];
  say([of("title"), of("detail"), of("remedy")].filter(Boolean).join(" "), true);
}

// --- forms --------------------------------------------------------------------------------------

// The value of a field; undefined where it is left out.
function valueOf(field) {
  if (field.type === "checkbox" && field.dataset.type !== "text") return field.checked;
  if (field.type === "checkbox" && !field.checked) return undefined;
  if (field.value.trim() === "") return undefined;
  switch (field.dataset.type) {
    case "number": return Number(field.value);
    case "boolean": return field.value === "true";
    // A date and time of day in Japan.
    case "time": return `${field.value.length === 16 ? `${field.value}:00` : field.value}+09:00`;
    default: return field.value;
  }
}

// The form's fields, and those of the form that `data-with` names, as JSON over what `data-body` has.
// A name with dots is a path.
function bodyOf(form) {
  const body = JSON.parse(form.dataset.body || "{}");
  const others = form.dataset.with ? document.getElementById(form.dataset.with).elements : [];
  for (const field of [...form.elements, ...others]) {
    if (!field.name || field.disabled || (field.type === "radio" && !field.checked)) continue;
    const value = valueOf(field);
    if (value === undefined) continue;
    const names = field.name.split(".");
    const last = names.pop();
    let place = body;
    for (const name of names) place = place[name] ??= {};
    place[last] = value;
  }
  return body;
}

// A path in which `{field}` is taken from the answer.
function filled(path, answer) {
  return path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer[name]));
}

// Follows `data-then`: "reload", "go PATH" (as in `filled`), or a message.
function follow(then, answer) {
  if (then === "reload") location.reload();
  else if (then.startsWith("go ")) location.href = filled(then.slice(3), answer);
  else if (then) say(then, false);
}

// Sends the form's picture to the path in `data-attach`. Returns the problem if that fails.
async function attach(form, answer) {
  const picture = form.querySelector("input[type=file][data-picture]")?.files[0];
  if (!picture) return null;
  const response = await fetch(filled(form.dataset.attach, answer), { method: "PUT", headers: { Accept: "application/json" }, body: picture });
  return response.ok ? null : response.json();
}

async function send(form) {
  const [method, path] = form.dataset.send.split(" ");
  const options = { method, headers: { Accept: "application/json" } };
  const file = form.querySelector("input[type=file][data-content]")?.files[0];
  if (method !== "DELETE") {
    options.headers["Content-Type"] = "application/json";
    options.body = file ? await file.text() : JSON.stringify(bodyOf(form));
  }
  const response = await fetch(path, options);
  if (response.status === 401) return location.assign("/signin");
  const answer = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
  if (!response.ok) return sayProblem(answer);
  notice.hidden = true;
  const problem = form.dataset.attach ? await attach(form, answer) : null;
  delete form.dataset.dirty;
  if (form.dataset.save) save(answer, form.dataset.save);
  if (form.hasAttribute("data-clear")) form.reset();
  if (form.hasAttribute("data-top")) scrollTo(0, 0);
  if (problem) return sayProblem({ ...problem, title: text.withoutPicture, title_en: text.withoutPicture });
  follow(form.dataset.then || "", answer);
}

// Saves an answer as a file.
function save(answer, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answer, null, 2)], { type: "application/json" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.send) return;
  event.preventDefault();
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return;
  // Disabled buttons would lose the focus.
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  try {
    await send(form);
  } catch {
    say(text.unreachable, true);
  } finally {
    form.ariaBusy = "false";
  }
});

// What somebody is filling in is not overwritten by an update.
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form) form.dataset.dirty = "";
});

// A picture that is too large is refused before its form is sent.
document.addEventListener("change", (event) => {
  const { picture, tooLarge } = event.target.dataset;
  if (picture) event.target.setCustomValidity(event.target.files[0]?.size > Number(picture) ? tooLarge : "");
});

// --- live parts ---------------------------------------------------------------------------------

const state = document.getElementById("live");

function showState(name) {
  if (state) [state.textContent, state.dataset.state] = [text[name], name];
}

const morphing = {
  restoreFocus: true,
  callbacks: {
    beforeNodeMorphed: (old, fresh) => !(old.nodeType === 1 && old.matches("form") && old.dataset.dirty !== undefined && fresh.matches?.("form")),
    // What the reader opened stays open.
    beforeAttributeUpdated: (name, element) => !(name === "open" && element.tagName === "DETAILS"),
  },
};

function replace(parts) {
  for (const [id, html] of Object.entries(parts)) {
    const part = document.getElementById(id);
    if (part) Idiomorph.morph(part, html, morphing);
  }
}

// Without a stream, the parts are fetched every few seconds.
async function poll(path) {
  for (;;) {
    await new Promise((after) => setTimeout(after, 3000));
    try {
      const response = await fetch(path, { headers: { Accept: "application/json" } });
      if (response.status === 401) return location.assign("/signin");
      if (response.status === 404) return say(text.gone, true);
      if (response.ok) replace(await response.json());
      showState(response.ok ? "polling" : "lost");
    } catch {
      showState("lost");
    }
  }
}

function listen(path) {
  const stream = new EventSource(path);
  stream.addEventListener("open", () => showState("current"));
  stream.addEventListener("parts", (event) => replace(JSON.parse(event.data)));
  stream.addEventListener("gone", () => {
    stream.close();
    say(text.gone, true);
    showState("lost");
  });
  stream.addEventListener("error", () => {
    showState("lost");
    // The browser tries again by itself, unless the answer was no stream.
    if (stream.readyState === EventSource.CLOSED) poll(path.replace(/\/live(?=\?|$)/, "/parts"));
  });
}

const live = document.querySelector("[data-live]");
if (live) listen(live.dataset.live);

// --- the clock ----------------------------------------------------------------------------------

// `data-now` is in milliseconds, `data-rate` in seconds a second; a stopped clock has no rate.
const shown = { at: 0, since: 0 };

function tick() {
  const clock = document.querySelector("time[data-rate]");
  if (!clock) return;
  const at = Number(clock.dataset.now);
  if (at !== shown.at) [shown.at, shown.since] = [at, performance.now()];
  const now = new Date(at + (performance.now() - shown.since) * Number(clock.dataset.rate) + 9 * 3600_000);
  clock.textContent = clock.dataset.format
    .replace("MM", String(now.getUTCMonth() + 1).padStart(2, "0"))
    .replace("DD", String(now.getUTCDate()).padStart(2, "0"))
    .replace("W", text.weekdays[now.getUTCDay()])
    .replace("TIME", now.toISOString().slice(11, 19));
}

setInterval(tick, 500);

// --- small things -------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("button[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    say(text.copied.replace("{}", copy.dataset.copy), false);
  }
  const language = event.target.closest("button[data-language]");
  if (language) {
    document.cookie = `onshi-language=${language.dataset.language}; Path=/; Secure; SameSite=Strict; Max-Age=31536000`;
    location.reload();
  }
  const print = event.target.closest("button[data-print]");
  if (print) window.print();
});
