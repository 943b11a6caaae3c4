// What HTML alone cannot do: keys in the list of suggestions, photos that are dropped or pasted, recordings.
"use strict";

// What a device can show in the room decides which links are seen, see page.css.
const root = document.documentElement.classList;
if (document.createElement("a").relList.supports("ar")) root.add("ar");
if (/android/i.test(navigator.userAgent)) root.add("android");

const by = (id) => document.getElementById(id);
const box = by("q"), list = by("suggestions"), said = by("said"), search = by("search"), file = by("file");
let at = -1, typing = false; // typing: since the last search

// --- suggestions ---

function show(shown) {
  list.hidden = !shown;
  box.setAttribute("aria-expanded", String(shown));
  if (!shown) box.removeAttribute("aria-activedescendant");
}

function move(step) {
  const count = list.children.length;
  at = ((at + step + count + 2) % (count + 1)) - 1; // -1: what was typed
  [...list.children].forEach((line, place) => line.setAttribute("aria-selected", String(place === at)));
  if (at < 0) box.removeAttribute("aria-activedescendant");
  else box.setAttribute("aria-activedescendant", list.children[at].id);
}

if (box && list) {
  new MutationObserver(() => {
    at = -1;
    const wanted = typing && document.activeElement === box && list.children.length > 0;
    show(wanted);
    if (wanted) said.textContent = `${list.children.length} suggestions`;
  }).observe(list, { childList: true });
  box.addEventListener("blur", () => setTimeout(() => show(false), 200));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(false);
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    }
    if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      list.children[at].firstElementChild.click();
    }
  });
  box.addEventListener("input", () => { typing = true; });
  search.addEventListener("submit", () => { typing = false; show(false); }, true);
}

document.addEventListener("htmx:config:request", (event) => {
  const { method, body } = event.detail.ctx.request;
  if (method !== "GET" || !body) return;
  for (const [name, value] of [...body]) if (value === "") body.delete(name, value); // an address without what is empty
});

// --- photos ---

const photo = by("photo"), camera = by("camera"), audio = by("audio"), preview = by("preview"), without = by("without");
const chosen = () => [photo, camera].find((input) => input && input.files.length);

function put(input, content) {
  const carried = new DataTransfer();
  carried.items.add(content);
  input.files = carried.files;
}

function send() {
  const input = chosen();
  if (preview) {
    if (preview.src) URL.revokeObjectURL(preview.src);
    if (input) preview.src = URL.createObjectURL(input.files[0]);
    else preview.removeAttribute("src");
    preview.hidden = without.hidden = !input;
  }
  if (input || (audio && audio.files.length)) file.requestSubmit();
}

if (file) {
  file.addEventListener("change", (event) => {
    forget();
    if (event.target === photo && camera) camera.value = "";
    if (event.target === camera) photo.value = "";
    send();
  });
  document.addEventListener("htmx:finally:request", () => { if (audio) audio.value = ""; });
}

// What is chosen beside a photo is asked for with the photo.
for (const kind of ["submit", "change"]) {
  document.addEventListener(kind, (event) => {
    const ours = event.target === search || (kind === "change" && event.target.form === search);
    if (!ours || !chosen()) return;
    event.preventDefault();
    event.stopPropagation();
    file.requestSubmit();
  }, true);
}

if (photo) {
  without.addEventListener("click", () => {
    photo.value = camera.value = "";
    send();
    search.requestSubmit();
  });
  document.addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData.files));
}

function take(files) {
  const found = [...files].find((each) => each.type.startsWith("image/"));
  if (!found) return;
  put(photo, found);
  camera.value = "";
  forget();
  send();
}

// --- the things in a photo ---

function forget() { // a new photo has other parts
  const part = by("region");
  if (part) part.remove();
}

function outline() {
  const seen = by("seen");
  if (!seen || !preview || !preview.src) return;
  const shown = document.createElement("img");
  shown.src = preview.src;
  const boxes = [...document.querySelectorAll(".parts ol button")].map((button, place) => {
    const [left, top, right, bottom] = button.value.split(",").map(Number);
    const box = document.createElement("button");
    box.type = "button";
    box.tabIndex = -1; // the list has the same buttons
    box.textContent = place + 1;
    const percent = (part) => `${100 * part}%`;
    Object.assign(box.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
    box.addEventListener("click", () => button.click());
    for (const kind of ["focus", "mouseenter"]) button.addEventListener(kind, () => box.classList.add("meant"));
    for (const kind of ["blur", "mouseleave"]) button.addEventListener(kind, () => box.classList.remove("meant"));
    return box;
  });
  seen.replaceChildren(shown, ...boxes);
  seen.hidden = false;
}

document.addEventListener("htmx:after:settle", outline);

// --- voice ---

const speak = by("speak");
let recorder = null;

async function record() {
  const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
  const parts = [];
  recorder = new MediaRecorder(sound);
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", () => {
    sound.getTracks().forEach((track) => track.stop());
    put(audio, new File(parts, "query", { type: recorder.mimeType }));
    recorder = null;
    listening(false);
    send();
  });
  recorder.start();
  listening(true);
  setTimeout(() => recorder && recorder.stop(), 15000);
}

function listening(yes) {
  speak.setAttribute("aria-pressed", String(yes));
  speak.textContent = yes ? "Stop" : "Speak";
}

if (speak && navigator.mediaDevices && window.MediaRecorder) {
  speak.hidden = false;
  speak.addEventListener("click", () => {
    if (recorder) recorder.stop();
    else record().catch(() => { said.textContent = "There is no microphone, or it may not be used."; });
  });
}

// On a narrow screen filters are closed until they are wanted.
const facets = by("facets");
if (facets && window.matchMedia("(max-width: 44rem)").matches) facets.open = false;
