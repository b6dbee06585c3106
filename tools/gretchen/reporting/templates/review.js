"use strict";
// The table of a review: search, filters, and sorting by a column's head. A team's page has no table.

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
