// Follows what runs: the part of the page comes again whenever it has changed.
"use strict";

const runs = document.getElementById("runs"), news = document.getElementById("said");
let told = state();

function state() {
  return [...runs.querySelectorAll(".run")].map((run) => run.dataset.state).join(" ");
}

function opened() {
  return [...runs.querySelectorAll("details")].map((each) => each.open);
}

new EventSource(runs.dataset.events).addEventListener("message", (event) => {
  const before = opened();
  runs.innerHTML = event.data; // of our own templates, in which all text is escaped
  runs.querySelectorAll("details").forEach((each, place) => { each.open = before[place] || false; });
  if (state() === told) return;
  told = state();
  news.textContent = told; // once for each stage, not once a second
});
