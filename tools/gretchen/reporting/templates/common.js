"use strict";
// What the pages' scripts share; it stands before each of them. Texts are set as text, never as markup.

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function choice(label, options, chosen) {
  const select = element("select", { title: label });
  select.setAttribute("aria-label", label);
  for (const [value, text] of options) select.append(new Option(text, value, false, value === chosen));
  return select;
}

// Whether a key is the browser's, or meant for the field that has the focus.
function isForField(event) {
  return event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
}

// j goes to the next row, k to the previous one.
function focusRow(selector, key) {
  const rows = [...document.querySelectorAll(selector)], at = rows.indexOf(document.activeElement.closest(selector));
  rows[Math.min(rows.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))]?.focus();
}
