// The departments' goals, large, and their other KPIs, as rows of small multiples.
const GOALS = ["leads", "sal_ratio", "new_clients", "average_check", "plan_fulfilment"];
// Each step's conversion and the cohort variants are shown by the funnel, the heat map and the LTV curves; the table view has them all.
const IN_OTHER_SECTIONS = /^step_conversion_|_cohort$|^ltv_\d+d$|^first_contact_minutes_p90$/;
const HISTORY = 13;

/** The KPI to show: its cohort variant where the dated one cannot be known. */
const knownKpi = (kpi) => (unknownBecause(kpi) && kpiInfo(`${kpi}_cohort`) && !unknownBecause(`${kpi}_cohort`) ? `${kpi}_cohort` : kpi);

/** A KPI in the shown month with the changes that are fair: of a running month only like for like, to the same day. */
function kpiFigures(kpi) {
  const info = kpiInfo(kpi);
  const row = kpiRow(kpi, state.channel, state.month) || {};
  const partial = row.is_partial ?? isPartial(state.month);
  return {
    info, row, partial, value: row.value ?? null,
    mom: partial ? row.to_date_mom_pct : row.mom_pct, yoy: partial ? row.to_date_yoy_pct : row.yoy_pct,
    history: monthsUpTo(state.month, HISTORY).map((month) => kpiRow(kpi, state.channel, month)?.value ?? null),
  };
}

function planMark({ info, row }) {
  if (!isNumber(row.target)) return h("span", { class: "plan none" }, t("no_plan"));
  const met = info.direction === "lower" ? row.target_pct <= 100 : row.target_pct >= 100;
  return h("span", { class: "plan" },
    h("span", { class: "meter", "aria-hidden": "true" }, h("i", { class: met ? "met" : "", style: { width: `${Math.min(row.target_pct || 0, 100)}%` } })),
    h("span", { "data-target-pct": row.target_pct }, t("of_plan", { pct: isNumber(row.target_pct) ? upTo(row.target_pct, 0) : NOTHING, plan: inUnit(row.target, info.unit) })));
}

function outOf({ info, row }) {
  if (info.unit !== "ratio" || !isNumber(row.numerator) || !isNumber(row.denominator) || Math.abs(row.denominator) > 1e6) return null;
  const whole = Number.isInteger(row.numerator) && Number.isInteger(row.denominator);
  return whole ? h("span", { class: "out-of" }, t("out_of", { n: count(row.numerator), of: count(row.denominator) })) : null;
}

function goalCard(kpi) {
  const figures = kpiFigures(kpi);
  const { info, row } = figures;
  if (unknownBecause(kpi)) {
    return h("article", { class: `goal ${info.department}`, "data-kpi": kpi }, h("h4", null, kpiLink(kpi)), h("p", { class: "unknown" }, unknownWord(kpi)));
  }
  return h("article", { class: `goal ${info.department}`, "data-kpi": kpi },
    h("h4", null, kpiLink(kpi)),
    h("p", { class: "value", "data-value": figures.value }, inUnit(figures.value, info.unit), outOf(figures)),
    sparkline(figures.history, { width: 220, height: 48, target: row.target ?? null, area: true }),
    h("dl", { class: "changes" },
      h("div", null, h("dt", null, t("mom")), h("dd", null, change(figures.mom, info.direction, { "data-change": "mom" }))),
      h("div", null, h("dt", null, t("yoy")), h("dd", null, change(figures.yoy, info.direction, { "data-change": "yoy" })))),
    planMark(figures));
}

function kpiLine(kpi) {
  if (unknownBecause(kpi)) {
    return h("tr", { "data-kpi": kpi }, h("th", { scope: "row", class: "row" }, kpiLink(kpi)),
      h("td", { class: "text faint", colspan: 5 }, unknownWord(kpi)));
  }
  const figures = kpiFigures(kpi);
  const { info } = figures;
  return h("tr", { "data-kpi": kpi },
    h("th", { scope: "row", class: "row" }, kpiLink(kpi)),
    h("td", { class: "spark-cell" }, sparkline(figures.history, { width: 96, height: 24, target: figures.row.target ?? null })),
    h("td", { class: "number main", "data-value": figures.value }, inUnit(figures.value, info.unit), outOf(figures)),
    h("td", { class: "number" }, change(figures.mom, info.direction, { "data-change": "mom" })),
    h("td", { class: "number" }, change(figures.yoy, info.direction, { "data-change": "yoy" })),
    h("td", { class: "number plan-cell" }, isNumber(figures.row.target_pct)
      ? h("span", { title: inUnit(figures.row.target, info.unit) }, `${upTo(figures.row.target_pct, 0)}\u00a0%`) : h("span", { class: "faint" }, NOTHING)));
}

function kpiList(department) {
  const kpis = table("kpis").filter((row) => row.department === department && !GOALS.includes(row.kpi_key) && !IN_OTHER_SECTIONS.test(row.kpi_key));
  return h("div", { class: `kpi-list ${department}` },
    h("table", null, h("caption", null, h("i", { class: "swatch" }), departmentLabel(department)),
      h("thead", null, h("tr", null, h("th", { scope: "col", class: "row" }, "KPI"), h("th", { scope: "col" }, hidden(t("trend"))),
        [t("value"), t("mom"), t("yoy"), t("plan")].map((text) => h("th", { scope: "col", class: "number" }, text)))),
      h("tbody", null, kpis.map((row) => kpiLine(knownKpi(row.kpi_key))))));
}

function everyKpi() {
  const months = monthsUpTo(state.month, HISTORY);
  return dataTable({
    caption: t("every_kpi"), className: "wide", head: ["KPI", ...months.map((month) => monthLabel(month, "short"))],
    rows: table("kpis").map((info) => [kpiLink(info.kpi_key), ...months.map((month) => {
      const value = kpiRow(info.kpi_key, state.channel, month)?.value;
      return { text: unknownWord(info.kpi_key) ?? inUnit(value, info.unit), value };
    })]),
  });
}

section("scorecard", "scorecard", "both", (body) => {
  if (!hasTable("kpi")) {
    put(body, emptyNote(t("not_published")));
    return;
  }
  if (isPartial(state.month)) put(body, note(t("partial_month", { day: dayLabel(publication().as_of) }), { class: "note partial" }));
  put(body, figure({
    id: "kpis", title: t("scorecard_title"), asTable: everyKpi,
    draw: () => h("div", null, h("div", { class: "goals" }, GOALS.filter(kpiInfo).map(knownKpi).map(goalCard)),
      h("div", { class: "kpi-lists" }, kpiList("marketing"), kpiList("sales"))),
    after: [h("figcaption", null, t("scorecard_note", { n: HISTORY }))],
  }));
}, "mart_kpi_monthly");
