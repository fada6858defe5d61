// The bar with the filters, the contents, and drawing everything again when a choice changes.
function channelOptions() {
  const groups = new Map();
  for (const key of shownChannels()) {
    const info = group("channels", "channel_key")(key)[0];
    const name = info[`group_label_${state.lang}`] || info.channel_group;
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push([key, channelLabel(key)]);
  }
  return [["all", t("all_channels")], ...groups];
}

function themeButton() {
  const next = { auto: "light", light: "dark", dark: "auto" }[state.theme];
  return h("button", { type: "button", id: "theme", onclick: () => choose({ theme: next }) }, `${t("theme")}: ${t(`theme_${state.theme}`)}`);
}

function renderBar() {
  const months = [...MONTHS].reverse().map((month) => [month, monthLabel(month) + (isPartial(month) ? ` (${t("to_date")})` : "")]);
  document.getElementById("top").replaceChildren(
    h("div", { class: "brand" }, h("h1", null, "onefunnel"), h("p", null, t("through", { day: dayLabel(publication().as_of) }))),
    h("form", { class: "filters", "aria-label": t("filters"), onsubmit: (event) => event.preventDefault() },
      selector("month", t("month"), months), selector("channel", t("channel"), channelOptions()),
      segmented("compare", t("compare"), CHOICES.compare.map((value) => [value, t(value)]))),
    h("div", { class: "tools" }, segmented("lang", t("language"), [["en", "EN"], ["ru", "RU"]]), themeButton(),
      h("button", { type: "button", id: "print", onclick: () => print() }, t("print"))));
}

/** What a reader must know before any figure: sources that stopped delivering. */
function renderNotice() {
  const stale = staleSources();
  document.getElementById("notice").replaceChildren(...stale.map(({ source, day }) =>
    note(day ? t("stale", { source, day: dayLabel(day) }) : t("stale_empty", { source }), { class: "note warn" })));
}

function renderContents() {
  const contents = document.getElementById("contents");
  contents.setAttribute("aria-label", t("contents"));
  contents.replaceChildren(h("ol", null, SECTIONS.map((each) => h("li", null, h("a", { href: `#at=${each.id}` }, t(each.titleKey))))));
}

function renderFoot() {
  const { cut } = PAYLOAD;
  const parts = [t("foot", { version: publication().version || NOTHING })];
  if (cut.months < cut.of_months) parts.push(t("cut_months", { n: cut.months, of: cut.of_months }));
  if (cut.factor_months < cut.months) parts.push(t("factors_cut", { n: cut.factor_months }));
  if (cut.channels) parts.push(t("cut_channels", { n: cut.channels }));
  document.getElementById("foot").replaceChildren(h("p", null, parts.join(" ")));
}

/** Draw the page for the current choices and keep the keyboard where it was. */
function renderAll() {
  const focused = document.activeElement?.id;
  const root = document.documentElement;
  root.lang = state.lang;
  root.dataset.theme = printing ? "light" : state.theme;
  document.title = `onefunnel · ${monthLabel(state.month)}`;
  document.getElementById("skip").textContent = t("skip");
  for (const draw of [renderBar, renderNotice, renderContents, renderFoot]) draw();
  for (const each of SECTIONS) renderSection(each);
  dropCharts();
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Go where an address points: `#at=def-leads`, while the rest of the address keeps the choices. */
function follow() {
  const at = readHash();
  writeHash();
  renderAll();
  if (!at) return;
  const target = document.getElementById(at);
  if (!target) return;
  target.scrollIntoView();
  (target.querySelector("h2") || target).focus({ preventScroll: true });
}

function start() {
  const page = document.getElementById("page");
  page.append(h("div", { id: "notice", role: "status" }), ...SECTIONS.map((each) => h("section", { id: each.id, "aria-label": each.id })));
  state.month = defaultMonth();
  if (MONTHS.length && funnelStages().some((stage) => stage.is_dated === false)) startState.funnel = state.funnel = "cohort";
  if (!MONTHS.length) {
    page.replaceChildren(h("h1", null, "onefunnel"), emptyNote(t("nothing_published")));
    markReady();
    return;
  }
  addEventListener("hashchange", follow);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", renderAll);
  follow();
  markReady();
}

// Measured by the tests: from opening the file to figures one can use.
function markReady() {
  performance.mark("interactive");
  document.documentElement.dataset.ready = "true";
}

start();
