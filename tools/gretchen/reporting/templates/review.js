// The table of a review: search, filters, and sorting by a column's head. A team's page has notes, edited where it is
// served, in place of the table.

function setUpTable(table) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const search = document.getElementById("search"), stage = document.getElementById("stage");
  const state = document.getElementById("state"), count = document.getElementById("count");

  function matches({ row, text }) {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const stages = row.dataset.stages.split(" ").filter(Boolean);
    const has = !stage.value || (stage.value === "none" ? stages.length === 0 : stages.includes(stage.value));
    return has && words.every((word) => text.includes(word)) &&
      (!state.value || row.dataset.state.split(" ").includes(state.value));
  }

  function filter() {
    let shown = 0;
    for (const each of rows) {
      each.row.hidden = !matches(each);
      shown += !each.row.hidden;
    }
    count.textContent = shown === rows.length ? `${shown} projects` : `${shown} of ${rows.length} projects`;
  }

  function sort(column) {
    const ascending = heads[column].getAttribute("aria-sort") !== "ascending";
    heads.forEach((head) => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const key = ({ row }) => row.cells[column].dataset.value;
    const numeric = rows.every((each) => key(each) === "" || !Number.isNaN(Number(key(each))));
    const compare = (a, b) => numeric ? Number(a) - Number(b) : a.localeCompare(b, "en");
    rows.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === "" || y === "") return (x === "") - (y === ""); // rows without a value stay last
      return ascending ? compare(x, y) : compare(y, x);
    });
    body.append(...rows.map((each) => each.row));
  }

  for (const control of [search, stage, state]) control.addEventListener("input", filter);
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => sort(column)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
    search.focus();
  });
}

if (document.getElementById("projects")) setUpTable(document.getElementById("projects"));

// The checklist with the points as they are after the notes were saved; the questions stay.
function showPoints(points) {
  const tones = { ok: "good", open: "warn" };
  [...document.querySelectorAll("ul.checks li")].forEach((item, index) => {
    const point = points[index], question = item.querySelector(".label");
    const name = element("div", {}, element("strong", { textContent: point.name }));
    if (point.byHand) name.append(" ", element("span", { className: "soft", textContent: "(by hand)" }));
    name.append(element("div", { textContent: point.reason }), question);
    item.replaceChildren(element("span", { className: `chip ${tones[point.status] || ""}`, textContent: point.status }), name);
  });
}

function setUpNotes(form) {
  const text = form.querySelector("textarea"), button = form.querySelector("button"), theirs = form.querySelector(".theirs");
  const status = form.querySelector('[role="status"]'), address = form.dataset.address;
  let version, stored = "", saving = false;

  function say(message, tone) {
    status.textContent = message;
    status.className = tone;
  }

  async function load() {
    const notes = await (await fetch(address)).json();
    [text.value, stored, version] = [notes.notes, notes.notes, notes.version];
    text.disabled = button.disabled = false;
  }

  async function save() {
    if (saving) return;
    saving = true;
    const notes = text.value;
    say("saving …", "soft");
    try {
      const answer = await fetch(address, { method: "PUT", body: JSON.stringify({ notes, version }) });
      const type = answer.headers.get("content-type") || "";
      const content = type.includes("json") ? await answer.json() : { problem: await answer.text() };
      theirs.hidden = answer.status !== 409;
      if (answer.ok) {
        [stored, version] = [notes, content.version];
        showPoints(content.points);
        say(`saved in ${form.dataset.file}`, "good");
      } else if (answer.status === 409) {
        version = content.version;
        theirs.querySelector(".answer").textContent = content.notes || "(nothing)";
        say("Not saved: somebody else has changed the notes. Save once more to replace theirs by yours.", "bad");
      } else say(`Not saved: ${content.problem || answer.status}`, "bad");
    } catch {
      say("Not saved: the server does not answer. Your text is still here.", "bad");
    }
    saving = false;
  }

  text.addEventListener("input", () => say(text.value === stored ? "" : "not saved yet", "soft"));
  text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
  window.addEventListener("beforeunload", (event) => { if (text.value !== stored) event.preventDefault(); });
  load().catch(() => say("The notes cannot be read: the server does not answer.", "bad"));
}

if (document.getElementById("notes")) setUpNotes(document.getElementById("notes"));
