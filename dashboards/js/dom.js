// Elements out of data. Text only ever enters as text nodes: nothing from the data can become markup.
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [property, setting] of Object.entries(value)) element.style.setProperty(property, setting);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
/** Append what there is. */
const put = (element, ...children) => fill(element, null, children);
const hidden = (text) => h("span", { class: "hidden" }, text);

/** A label that leads to its definition in the glossary. */
function kpiLink(kpi, text) {
  return h("a", { class: "define", href: `#at=def-${kpi}`, title: t("definition") }, text || kpiLabel(kpi));
}

/** Change in per cent with an arrow, coloured by whether the direction is good, and said in words for a screen reader. */
function change(pct, direction, attributes = {}) {
  if (!isNumber(pct)) return h("span", { class: "change none", ...attributes }, NOTHING);
  const flat = Math.abs(pct) < 0.05;
  const good = direction === "neutral" || flat ? null : (pct > 0) === (direction === "higher");
  const tone = good === null ? "even" : good ? "good" : "bad";
  const text = Math.abs(pct) >= 1000 ? t("times", { n: upTo(pct / 100 + 1, 0) }) : `${upTo(Math.abs(pct), Math.abs(pct) < 10 ? 1 : 0)}\u00a0%`;
  return h("span", { class: `change ${tone}`, "data-pct": pct, ...attributes },
    h("span", { "aria-hidden": "true" }, flat ? "= " : pct > 0 ? "▲ " : "▼ "),
    hidden(flat ? t("unchanged") : t(pct > 0 ? "up" : "down")), text, tone === "even" ? null : hidden(`, ${t(tone)}`));
}

/** A line of the last months; the last point is the shown month, the dashed line its plan. */
function sparkline(values, { width = 120, height = 32, target = null, area = false } = {}) {
  const known = values.filter(isNumber).concat(isNumber(target) ? [target] : []);
  if (known.length < 2) return h("span", { class: "spark empty", "aria-hidden": "true" });
  const low = Math.min(...known, area ? 0 : Infinity);
  const span = Math.max(...known) - low || 1;
  const x = (i) => 2 + (i * (width - 6)) / Math.max(values.length - 1, 1);
  const y = (value) => height - 3 - ((value - low) * (height - 6)) / span;
  let path = "";
  values.forEach((value, i) => {
    if (isNumber(value)) path += `${path && isNumber(values[i - 1]) ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  const last = values[values.length - 1];
  const first = values.findIndex(isNumber);
  const whole = values.slice(first).every(isNumber);
  return s("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    area && whole ? s("path", { class: "spark-area", d: `${path}L${x(values.length - 1)} ${height - 3}L${x(first)} ${height - 3}Z` }) : null,
    isNumber(target) ? s("line", { class: "spark-target", x1: 0, x2: width, y1: y(target), y2: y(target) }) : null,
    s("path", { class: "spark-line", d: path }),
    isNumber(last) ? s("path", { class: "spark-dot", d: `M${x(values.length - 1)} ${y(last)}h0.01` }) : null);
}
