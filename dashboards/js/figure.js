// Sections, tables and figures: every chart comes with the same figures as a table, one button away.
const SECTIONS = [];

/** Register a section: `render(body)` fills it and is called again whenever a choice changes. `scope`: what the filters do to it. */
function section(id, titleKey, scope, render, csv) {
  SECTIONS.push({ id, titleKey, scope, render, csv });
}

function scopeChip(scope) {
  const month = monthLabel(state.month) + (isPartial(state.month) ? ` (${t("to_date")})` : "");
  const texts = {
    both: `${month} · ${channelLabel(state.channel)}`, month: `${month} · ${t("all_channels")}`, channel: channelLabel(state.channel), none: null,
  };
  return texts[scope] ? h("p", { class: "scope" }, texts[scope]) : null;
}

function renderSection(each) {
  const element = document.getElementById(each.id);
  const body = h("div", { class: "body" });
  element.replaceChildren(
    h("div", { class: "section-head" }, h("h2", { tabindex: "-1" }, t(each.titleKey)), scopeChip(each.scope),
      each.csv ? h("a", { class: "csv", href: `csv/${each.csv}.csv`, download: true }, "CSV", hidden(` ${each.csv}`)) : null),
    body);
  each.render(body);
}

const note = (text, attributes = {}) => h("p", { class: "note", ...attributes }, text);
const emptyNote = (text) => h("p", { class: "empty" }, text);
/** Why a KPI has no figure in any month: what it is made from is not delivered, not recorded or not dated. */
const unknownBecause = (kpi) => kpiInfo(kpi)?.unknown_because || null;
/** The same in words; null where the KPI is known. */
const unknownWord = (kpi) => (unknownBecause(kpi) ? t(`unknown_${unknownBecause(kpi)}`) : null);
/** Nothing to show: because what `kpi` counts is unknown, else as `text` says. */
const emptyNoteOf = (kpi, text) => emptyNote(unknownBecause(kpi) ? `${kpiLabel(kpi)}: ${unknownWord(kpi)}` : text);

/**
 * head: labels or {label, sort}; rows: lists of cells, the first of which heads its row. A cell is text, an element, or
 * {text, class, value, data}: `value` is what the figure is exactly, kept for readers of the page's markup.
 */
function dataTable({ caption, head, rows, className = "", text = [] }) {
  const cellOf = (cell) => (cell !== null && typeof cell === "object" && !(cell instanceof Node) && !Array.isArray(cell) ? cell : { text: cell });
  const body = rows.map((row) => {
    const cells = row.cells || row;
    return h("tr", { class: row.class, ...(row.data || {}) }, cells.map((raw, i) => {
      const cell = cellOf(raw);
      const kind = i === 0 ? "row" : text.includes(i) ? "text" : "number";
      const attributes = { class: [kind, cell.class].filter(Boolean).join(" "), "data-value": cell.value, style: cell.style, title: cell.title };
      return i === 0 ? h("th", { scope: "row", ...attributes }, cell.text) : h("td", attributes, cell.text);
    }));
  });
  const heads = head.map((each, i) => h("th", { scope: "col", class: i === 0 ? "row" : text.includes(i) ? "text" : "number" }, each));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", { class: className }, h("caption", { class: "hidden" }, caption), h("thead", null, h("tr", null, heads)), h("tbody", null, body)));
}

/** A titled figure: `draw()` gives the picture, `asTable()` the same figures as a table. */
function figure({ id, title, draw, asTable, after = [], controls = [] }) {
  const asked = state.tables.has(id);
  const flip = () => {
    if (asked) state.tables.delete(id);
    else state.tables.add(id);
    choose({});
  };
  return h("figure", { id: `figure-${id}` },
    h("div", { class: "figure-head" }, h("h3", null, title), ...controls,
      h("button", { type: "button", class: "flip", id: `flip-${id}`, "aria-pressed": asked ? "true" : "false", onclick: flip },
        t("as_table"), hidden(`: ${title}`))),
    asked ? asTable() : draw(), ...after);
}

/** Buttons of which one is chosen. */
function segmented(key, labelText, options, chosen = state[key]) {
  return h("div", { class: "segmented", role: "group", "aria-label": labelText }, options.map(([value, text]) =>
    h("button", {
      type: "button", id: `${key}-${value}`, "aria-pressed": chosen === value ? "true" : "false", onclick: () => choose({ [key]: value }),
    }, text)));
}

function selector(key, labelText, options, className = "") {
  const id = `choose-${key}`;
  return h("label", { class: `select ${className}`, for: id }, h("span", null, labelText),
    h("select", { id, onchange: (event) => choose({ [key]: event.target.value }) },
      options.map(([value, text]) => (Array.isArray(text)
        ? h("optgroup", { label: value }, text.map(([inner, innerText]) => h("option", { value: inner, selected: state[key] === inner }, innerText)))
        : h("option", { value, selected: state[key] === value }, text)))));
}
