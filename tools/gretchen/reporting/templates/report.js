// The answers of a report: choose two models to compare, filter, search.

const STEP = 20; // rows shown at once
const VERDICTS = ["fixed", "broken", "still wrong", "still right", "changed, equal score"];
const TONES = { fixed: "good", broken: "bad", "still wrong": "warn" };

function verdictOf(row, state, data) {
  const before = row.scores[state.from], after = row.scores[state.to];
  if (before === null || after === null) return "not scored";
  const gain = (data.higher_is_better ? 1 : -1) * (after - before);
  if (gain !== 0) return gain > 0 ? "fixed" : "broken";
  if (data.best === null) return "changed, equal score";
  return after === data.best ? "still right" : "still wrong";
}

function searchable(row) {
  return [row.id, row.question, row.reference, ...row.texts].join("\n").toLowerCase();
}

function answerBox(label, text, score, ended) {
  const parts = [label];
  if (score !== undefined) parts.push(score === null ? "not scored" : score.toFixed(2));
  if (ended === false) parts.push("not finished (no EOS)");
  return element("div", {}, element("div", { className: "label", textContent: parts.join(" · ") }),
    element("p", { className: "answer", dir: "auto", textContent: text.trim() || "(nothing)" }));
}

function rowBox(row, verdict, state, data) {
  const chips = element("div", { className: "meta" });
  chips.append(element("span", { className: `chip ${TONES[verdict] || ""}`, textContent: verdict }));
  for (const text of [row.form, row.set, row.language]) {
    if (text) chips.append(element("span", { className: "chip", textContent: text }));
  }
  chips.append(element("span", { className: "label mono", textContent: row.id }));
  const shown = new Set([...data.ladder.map((name) => data.models.indexOf(name)), state.from, state.to]);
  const texts = element("div", { className: "texts" });
  for (const index of [...shown].filter((each) => each >= 0).sort((a, b) => a - b)) {
    texts.append(answerBox(data.models[index], row.texts[index], row.scores[index], row.ended[index]));
  }
  const box = element("article", { className: "pane shown-row", tabIndex: -1 }, chips,
    element("p", { className: "answer", dir: "auto", textContent: row.question }));
  if (row.reference) box.append(answerBox("reference", row.reference));
  box.append(texts);
  return box;
}

function distinct(rows, key) {
  return [...new Set(rows.map((row) => row[key]))].filter(Boolean).sort().map((value) => [value, value]);
}

function showAnswers(section) {
  const data = JSON.parse(section.querySelector('script[type="application/json"]').textContent);
  const view = section.querySelector(".rows-view");
  const haystacks = new Map(data.rows.map((row) => [row, searchable(row)]));
  const first = Math.max(0, data.models.indexOf(data.ladder[0]));
  const last = Math.max(0, data.models.indexOf(data.ladder[data.ladder.length - 1]));
  const state = { from: first, to: last, verdict: "", limit: STEP };

  const names = data.models.map((name, index) => [String(index), name]);
  const from = choice("compare from", names, String(first)), to = choice("compare to", names, String(last));
  const search = element("input", { type: "search", placeholder: "search questions and answers ( / )" });
  search.setAttribute("aria-label", "search questions and answers");
  const filters = { set: "set", form: "form", language: "language" };
  const selects = {};
  for (const [key, name] of Object.entries(filters)) {
    const values = distinct(data.rows, key);
    if (values.length > 1) selects[key] = choice(name, [["", `all ${name}s`], ...values], "");
  }
  const buttons = VERDICTS.map((verdict) => element("button", { type: "button", value: verdict }));
  const count = element("p", { className: "count" });
  count.setAttribute("role", "status");
  const list = element("div");
  const more = element("button", { type: "button", textContent: `show ${STEP} more` });

  function draw() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matching = data.rows.filter((row) => words.every((word) => haystacks.get(row).includes(word)) &&
      Object.entries(selects).every(([key, select]) => !select.value || row[key] === select.value));
    const verdicts = new Map(matching.map((row) => [row, verdictOf(row, state, data)]));
    const tally = {};
    for (const verdict of verdicts.values()) tally[verdict] = (tally[verdict] || 0) + 1;
    for (const button of buttons) {
      button.textContent = `${button.value} ${tally[button.value] || 0}`;
      button.hidden = button.value === VERDICTS[4] && !tally[button.value];
      button.setAttribute("aria-pressed", String(state.verdict === button.value));
    }
    const rows = matching.filter((row) => !state.verdict || verdicts.get(row) === state.verdict);
    const shown = rows.slice(0, state.limit);
    list.replaceChildren(...shown.map((row) => rowBox(row, verdicts.get(row), state, data)));
    const cut = data.available > data.rows.length ? ` (of ${data.available} answered ones)` : "";
    count.textContent = `${rows.length} of ${data.rows.length} rows${cut}, ${shown.length} shown`;
    more.hidden = shown.length === rows.length;
  }

  function changed() {
    state.limit = STEP;
    state.from = Number(from.value);
    state.to = Number(to.value);
    draw();
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      state.verdict = state.verdict === button.value ? "" : button.value;
      changed();
    });
  }
  for (const select of [from, to, ...Object.values(selects)]) select.addEventListener("change", changed);
  search.addEventListener("input", changed);
  more.addEventListener("click", () => {
    const next = state.limit;
    state.limit += STEP;
    draw();
    list.children[next]?.focus();
  });
  view.append(
    element("div", { className: "controls" }, search, ...Object.values(selects)),
    element("div", { className: "controls" }, from, element("span", { textContent: "→" }), to, ...buttons),
    count, list, element("div", { className: "controls" }, more));
  draw();
}

// Keyboard: "/" searches, j and k go to the next and the previous row.
function onKey(event) {
  if (isForField(event)) return;
  if (event.key === "/") {
    const search = document.querySelector('.answers input[type="search"]');
    if (search) { event.preventDefault(); search.focus(); }
  } else if (event.key === "j" || event.key === "k") focusRow(".shown-row[tabindex]", event.key);
}

for (const section of document.querySelectorAll(".answers")) {
  if (section.querySelector(".rows-view")) showAnswers(section);
}
document.addEventListener("keydown", onKey);
