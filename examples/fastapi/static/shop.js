// The search box: suggestions while somebody types. And the log: which product of which answer was clicked.
const box = document.getElementById("q"), list = document.getElementById("suggestions"), said = document.getElementById("said");
let waiting, asked = new AbortController(), at = -1;

function show(found) {
  const searches = found.suggestions.map((each) => [address(each), each.text, `${each.kind} (${each.count})`]);
  const products = found.products.map((hit) => [`/product/${encodeURIComponent(hit.id)}`, hit.product.title, "product"]);
  list.replaceChildren(...[...searches, ...products].map(item));
  at = -1;
  open(list.children.length > 0);
  said.textContent = `${list.children.length} suggestions`;
}

function address(suggestion) {
  return `/search?${new URLSearchParams({ q: suggestion.query, ...suggestion.filters })}`;
}

function item([href, text, note], place) {
  const line = document.createElement("li"), link = document.createElement("a"), kind = document.createElement("small");
  Object.assign(line, { id: `suggestion-${place}`, role: "option" });
  Object.assign(link, { href, tabIndex: -1 });
  kind.textContent = note;
  link.append(text, " ", kind);  // as text: a title is never HTML
  line.append(link);
  return line;
}

function open(shown) {
  list.hidden = !shown;
  box.setAttribute("aria-expanded", shown);
  if (!shown) box.removeAttribute("aria-activedescendant");
}

async function ask() {
  asked.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(`/suggest?${new URLSearchParams({ q: box.value })}`, { signal: asked.signal });
    if (answer.ok) show(await answer.json());
  } catch (error) {
    if (error.name !== "AbortError") open(false);  // without suggestions the box is still a box
  }
}

function move(step) {
  const count = list.children.length;
  at = (at + step + count + 2) % (count + 1) - 1;  // -1: what was typed
  [...list.children].forEach((line, place) => line.setAttribute("aria-selected", place === at));
  if (at < 0) box.removeAttribute("aria-activedescendant");
  else box.setAttribute("aria-activedescendant", `suggestion-${at}`);
}

box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 120); });
box.addEventListener("focus", ask);
box.addEventListener("blur", () => setTimeout(() => open(false), 200));
box.addEventListener("keydown", (event) => {
  if (event.key === "Escape") open(false);
  if (list.hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
  if (event.key === "Enter" && at >= 0) { event.preventDefault(); list.children[at].firstChild.click(); }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-query] a[data-id]");
  if (!link) return;
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;  // where forms carry one
  fetch("/events", {
    method: "POST",
    keepalive: true,  // it arrives although the page is left
    headers: { "Content-Type": "application/json", ...(token && { "X-CSRFToken": token }) },
    body: JSON.stringify({
      query_id: link.closest("[data-query]").dataset.query,
      action_name: "click_through",
      object_id: link.dataset.id,
      position: Number(link.dataset.position),
    }),
  });
});
