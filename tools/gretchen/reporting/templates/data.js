// All rows of a project's data: choose a format, filter, search, sort, turn pages.

const PAGE = 50; // rows on a page
const PAIRS = 10; // pairs on a page: they are shown whole
const WAIT_MS = 120; // after a key, before a search begins
// A row is a list, in this order.
const [ID, FORM, SPLIT, LANGUAGE, GROUP, META, LENGTH, TOKENS, TRAINED, SIDES] = Array(10).keys();
const COLUMNS = [["id", ID], ["text", null], ["form", FORM], ["split", SPLIT], ["language", LANGUAGE], ["characters", LENGTH],
  ["tokens", TOKENS], ["trained", TRAINED]];
const HELD_OUT = new Set(["test", "hard"]);

function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function embedded(script) {
  return JSON.parse(script.textContent);
}

function share(row) {
  return row[TOKENS] ? row[TRAINED] / row[TOKENS] : 0;
}

function textOf(row) {
  return row[SIDES].map(([, texts]) => texts.join("")).join("\n");
}

// A sequence: every second text has a loss.
function sequenceBox(label, texts, cut) {
  const body = element("p", { className: "answer sequence", dir: "auto" });
  texts.forEach((text, index) => body.append(element("span", { className: index % 2 ? "trained" : "masked", textContent: text })));
  if (cut) body.append(element("span", { className: "soft", textContent: " …" }));
  return element("div", {}, element("div", { className: "label", textContent: label }), body);
}

function rowBox(row) {
  const meta = element("div", { className: "meta" });
  const chips = [row[FORM], row[SPLIT], row[LANGUAGE], counted(row[TOKENS], "token"), `${row[TRAINED]} trained`];
  for (const text of chips) if (text) meta.append(element("span", { className: "chip", textContent: text }));
  meta.append(element("span", { className: "label mono", textContent: row[ID] }));
  const shown = row[SIDES].reduce((sum, [, texts]) => sum + texts.join("").length, 0);
  const texts = element("div", { className: "texts" },
    ...row[SIDES].map(([label, parts]) => sequenceBox(label, parts, shown < row[LENGTH])));
  const box = element("div", {}, meta, texts);
  if (shown < row[LENGTH]) {
    box.append(element("p", { className: "label", textContent: `${counted(row[LENGTH], "character")}, the first ${shown.toLocaleString("en")} shown` }));
  }
  box.append(element("p", { className: "label", textContent: `group ${row[GROUP]}` }));
  if (row[META]) box.append(element("p", { className: "label mono", textContent: `meta ${row[META]}` }));
  return box;
}

function excerpt(row) {
  return row[SIDES][0][1].join("").slice(0, 400).replace(/<\|[^|>]*\|>((user|assistant|system|tool)\n)?/g, " ").replace(/\s+/g, " ").trim().slice(0, 160);
}

function tableRow(row) {
  const made = element("tr", { className: "data-row", tabIndex: -1 });
  const opener = element("button", { type: "button", className: "open", textContent: excerpt(row), dir: "auto" });
  opener.setAttribute("aria-expanded", "false");
  made.append(element("td", { className: "mono id", textContent: row[ID], title: row[ID] }), element("td", { className: "excerpt" }, opener));
  for (const column of [FORM, SPLIT, LANGUAGE]) made.append(element("td", { textContent: row[column] }));
  const figures = [row[LENGTH].toLocaleString("en"), row[TOKENS].toLocaleString("en"), `${(100 * share(row)).toFixed(0)} %`];
  for (const text of figures) made.append(element("td", { className: "number", textContent: text }));
  const toggle = () => {
    const opened = made.nextElementSibling?.classList.contains("opened");
    opener.setAttribute("aria-expanded", String(!opened));
    if (opened) made.nextElementSibling.remove();
    else made.after(element("tr", { className: "opened" }, element("td", { colSpan: COLUMNS.length }, rowBox(row))));
  };
  made.addEventListener("click", toggle);
  made.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === made) toggle(); });
  return made;
}

function pairBox(item) {
  const chips = element("div", { className: "meta" }, element("span", { className: `chip ${item.tone}`, textContent: item.reason }));
  const rows = element("div", { className: "pair" }, ...item.rows.map(rowBox));
  if (item.missing) rows.append(element("p", { className: "soft", textContent: item.missing }));
  return element("article", { className: "pane shown-row data-row", tabIndex: -1 }, chips, rows);
}

function nearItem([later, earlier], rows) {
  const pair = [rows[earlier], rows[later]];
  const across = HELD_OUT.has(pair[0][SPLIT]) !== HELD_OUT.has(pair[1][SPLIT]);
  const reason = across ? "between training and held-out rows" : "near-duplicates";
  return { rows: pair, reason, tone: across ? "bad" : "" };
}

function leftOutItem([reason, repeats, row], byId) {
  const repeated = byId.get(repeats);
  const missing = repeats && !repeated ? `It repeats ${repeats}, which was left out, too.` : "";
  return { rows: repeated ? [row, repeated] : [row], reason, tone: "warn", missing };
}

function setUp(section) {
  const scripts = [...document.querySelectorAll("script.format")], faults = embedded(document.getElementById("faults"));
  const explanations = embedded(document.getElementById("reasons"));
  const state = { data: null, view: "rows", sort: null, ascending: true, page: 0, items: [] };
  const lower = new Map();
  const format = choice("format", scripts.map((script, index) => [index, `${script.dataset.name} (${counted(Number(script.dataset.rows), "row")})`]));
  const search = element("input", { type: "search", placeholder: "search rows ( / )" });
  search.setAttribute("aria-label", "search rows");
  const views = ["rows", "near-duplicates", "left out", "faults"].map((name) => element("button", { type: "button", value: name }));
  const filters = element("span", { className: "controls" }), status = element("p", { className: "count" }), note = element("p", { className: "soft" });
  status.setAttribute("role", "status");
  const list = element("div", { className: "list" });
  const previous = element("button", { type: "button", textContent: "← previous" }), next = element("button", { type: "button", textContent: "next →" });
  let selects = {};

  function load() {
    const data = embedded(scripts[Number(format.value)]);
    const byId = new Map(data.rows.map((row) => [row[ID], row]));
    state.data = { ...data, "near-duplicates": data.near.map((pair) => nearItem(pair, data.rows)),
      "left out": data.leftOut.map((item) => leftOutItem(item, byId)), faults: faults.map((text) => ({ rows: [], text })) };
    lower.clear();
    selects = {};
    for (const [name, column] of [["split", SPLIT], ["form", FORM], ["language", LANGUAGE]]) {
      const values = [...new Set(data.rows.map((row) => row[column]))].filter(Boolean).sort();
      if (values.length > 1) selects[column] = choice(name, [["", `all ${name}s`], ...values.map((value) => [value, value])]);
    }
    filters.replaceChildren(...Object.values(selects));
    for (const select of Object.values(selects)) select.addEventListener("change", changed);
    state.sort = null;
    changed();
  }

  function searchable(item) {
    if (!lower.has(item)) {
      const rows = state.view === "rows" ? [item] : item.rows;
      lower.set(item, [item.text, ...rows.flatMap((row) => [row[ID], row[GROUP], row[META], textOf(row)])].join("\n").toLowerCase());
    }
    return lower.get(item);
  }

  function matches(item, words) {
    const row = state.view === "rows" ? item : item.rows[0];
    return (!row || Object.entries(selects).every(([column, select]) => !select.value || row[column] === select.value)) &&
      (words.length === 0 || words.every((word) => searchable(item).includes(word)));
  }

  function sorted(rows) {
    if (state.view !== "rows" || state.sort === null) return rows;
    const key = state.sort === TRAINED ? share : (row) => row[state.sort];
    const compare = (a, b) => (typeof key(a) === "number" ? key(a) - key(b) : key(a).localeCompare(key(b), "en"));
    return [...rows].sort((a, b) => (state.ascending ? compare(a, b) : compare(b, a)));
  }

  function changed() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    state.items = sorted(state.data[state.view].filter((item) => matches(item, words)));
    state.page = 0;
    draw();
  }

  function table(rows) {
    const head = element("tr", {}, ...COLUMNS.map(([name, column], index) => {
      if (column === null) return element("th", { scope: "col", textContent: name });
      const button = element("button", { type: "button", className: "sort", textContent: name });
      button.addEventListener("click", () => {
        state.ascending = state.sort === column ? !state.ascending : column < LENGTH; // figures: largest first
        state.sort = column;
        changed();
        section.querySelector("thead").rows[0].cells[index].firstChild.focus();
      });
      const cell = element("th", { scope: "col", className: column >= LENGTH ? "number" : "" }, button);
      if (state.sort === column) cell.setAttribute("aria-sort", state.ascending ? "ascending" : "descending");
      return cell;
    }));
    return element("div", { className: "scroll" }, element("table", { className: "table rows" },
      element("thead", {}, head), element("tbody", {}, ...rows.map(tableRow))));
  }

  function draw() {
    const size = state.view === "rows" || state.view === "faults" ? PAGE : PAIRS, all = state.data[state.view];
    const start = state.page * size, shown = state.items.slice(start, start + size);
    for (const button of views) {
      button.textContent = `${button.value} ${state.data[button.value].length.toLocaleString("en")}`;
      button.setAttribute("aria-pressed", String(state.view === button.value));
    }
    if (state.view === "rows") list.replaceChildren(table(shown));
    else if (state.view === "faults") list.replaceChildren(...shown.map((item) => element("p", { className: "answer data-row", tabIndex: -1, textContent: item.text })));
    else list.replaceChildren(...shown.map(pairBox));
    const range = shown.length ? `${(start + 1).toLocaleString("en")} to ${(start + shown.length).toLocaleString("en")} of ` : "";
    const total = state.items.length === all.length ? "" : ` (of ${all.length.toLocaleString("en")})`;
    status.textContent = state.items.length === 0 ? "none" : `${range}${state.items.length.toLocaleString("en")}${total}`;
    note.textContent = noteOf();
    note.hidden = !note.textContent;
    previous.disabled = start === 0;
    next.disabled = start + size >= state.items.length;
  }

  function noteOf() {
    const { data } = state;
    if (state.view === "near-duplicates") return `Rows whose prompts nearly repeat an earlier one, and differ in nothing that identifies: among ${counted(data.compared, "row")}. In the builder's own rows they stay.`;
    if (state.view === "faults") return "Rows of the source that could not be read.";
    if (state.view === "rows") return "";
    return Object.entries(data.counts).map(([reason, count]) => `${reason}: ${count.toLocaleString("en")}${explanations[reason] ? ` (${explanations[reason]})` : ""}`).join("; ");
  }

  function turn(step) {
    state.page += step;
    draw();
    section.scrollIntoView();
  }

  let timer;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(changed, WAIT_MS); });
  format.addEventListener("change", load);
  for (const button of views) button.addEventListener("click", () => { state.view = button.value; lower.clear(); changed(); });
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  section.append(element("div", { className: "controls" }, search, format, filters), element("div", { className: "controls" }, ...views),
    note, status, list, element("div", { className: "controls" }, previous, next));
  document.addEventListener("keydown", (event) => onKey(event, search, previous, next));
  load();
}

function onKey(event, search, previous, next) {
  if (isForField(event)) return;
  if (event.key === "/") { event.preventDefault(); search.focus(); }
  else if (event.key === "n") next.click();
  else if (event.key === "p") previous.click();
  else if (event.key === "j" || event.key === "k") focusRow(".data-row", event.key);
}

setUp(document.getElementById("data"));
