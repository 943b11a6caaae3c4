// Judging with keys: a grade is sent at once and in its order, and shown when the server has it on its disk.
"use strict";
{
  const by = (id) => document.getElementById(id);
  const items = [...document.querySelectorAll(".item")];
  const told = by("told"), wrong = by("wrong"), end = by("end");
  let current = null; // the product that keys are for
  const waiting = []; // what is not sent so far
  let busy = false;

  const title = (item) => item.querySelector("h2").textContent;
  const open = (item) => !item.dataset.mark && !item.dataset.sent;

  function go(item) {
    current = item;
    (item || end).focus({ preventScroll: true });
    (item || end).scrollIntoView({ block: "nearest" });
    if (!item && !items.some(open)) by("next").focus();
  }

  function following(item) {
    const place = items.indexOf(item) + 1;
    return [...items.slice(place), ...items.slice(0, place)].find(open);
  }

  // The product beside, or of the next row, which is where its column is.
  function moved(item, key) {
    const place = items.indexOf(item), step = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    if (key === "ArrowLeft" || key === "ArrowRight") return items[place + step];
    for (let next = place + step; items[next]; next += step)
      if (items[next].offsetLeft === item.offsetLeft) return items[next];
    return undefined;
  }

  function show(answer) {
    for (const [key, mark] of Object.entries(answer.marks)) {
      const item = by(`p-${key}`);
      if (!item) continue;
      item.dataset.mark = mark;
      for (const button of item.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === mark));
    }
    if (!answer.progress) return;
    by("progress").textContent = answer.progress;
    by("complete").hidden = !answer.complete;
    if (by("rest")) by("rest").hidden = answer.complete;
  }

  async function post(form, body) {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, keepalive: true });
    if (answer.ok) return answer.json();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    throw new Error(page.body.textContent.trim() || `The server answers ${answer.status}.`);
  }

  // One after the other, as what is said last counts.
  async function send(form, body, done, failed) {
    waiting.push({ form, body: new URLSearchParams(body), done, failed });
    if (busy) return;
    busy = true;
    while (waiting.length) {
      const each = waiting.shift();
      try {
        const answer = await post(each.form, each.body);
        wrong.hidden = true;
        each.done(answer);
      } catch (error) {
        wrong.textContent = `Not saved. ${error instanceof TypeError ? "The server cannot be reached." : error.message}`;
        wrong.hidden = false;
        each.failed();
      }
    }
    busy = false;
  }

  // Who leaves the page loses nothing that waits.
  window.addEventListener("pagehide", () => {
    for (const each of waiting.splice(0)) post(each.form, each.body).catch(() => {});
  });

  function leave() {
    if (busy) setTimeout(leave, 30);
    else by("next").click();
  }

  function grade(item, value) {
    const form = item.querySelector("form"), body = new FormData(form);
    body.set("grade", value);
    item.dataset.sent = value;
    go(following(item));
    const settle = () => { delete item.dataset.sent; };
    send(form, body, (answer) => {
      settle();
      show(answer);
      const next = current ? ` Next: ${title(current)}` : "";
      told.textContent = `${value === "skip" ? "Not judged" : value}. ${answer.progress}.${next}`;
      if (!current && answer.complete) by("next").focus();
    }, () => { settle(); go(item); });
  }

  function undo() {
    const form = by("undo");
    send(form, new FormData(form), (answer) => {
      const key = Object.keys(answer.marks)[0];
      if (key === undefined) { told.textContent = "There is nothing to undo."; return; }
      const item = by(`p-${key}`);
      if (!location.search.includes(answer.query) && !item) { location.assign(`${location.pathname}?query=${answer.query}#p-${key}`); return; }
      show(answer);
      told.textContent = `Undone. ${answer.progress}. ${title(item)}`;
      go(item);
    }, () => {});
  }

  document.addEventListener("submit", (event) => {
    const item = event.target.closest(".item");
    if (!item && event.target !== by("undo")) return;
    event.preventDefault();
    if (item) grade(item, event.submitter.value);
    else undo();
  });

  document.addEventListener("focusin", (event) => {
    const item = event.target.closest(".item");
    if (item) current = item;
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const within = event.target.closest("#judging, .judging") || event.target === document.body;
    if (!within || event.target.closest("input, select, textarea, summary")) return;
    const key = event.key.toLowerCase();
    const digit = /^([0-3])$/.exec(event.key) || /^(?:Digit|Numpad)([0-3])$/.exec(event.code);
    if (current && (digit || key === "s")) grade(current, digit ? digit[1] : "skip");
    else if (key === "u") undo();
    else if (key === "n") leave();
    else if (event.key.startsWith("Arrow") && (current || items.length)) go(current ? moved(current, event.key) || current : items.at(-1));
    else return;
    event.preventDefault();
  });

  const named = location.hash && by(location.hash.slice(1));
  go(items.includes(named) ? named : items.find(open));
}
