// Why it changed: the headline, whose effect it was, and the way from one figure to the other.
function verdictRow() {
  return group("verdicts", "metric", "comparison", "basis", "month")(shownMetric(), state.compare, shownBasis(), state.month)[0] || null;
}

/** The KPI without which there is nothing to explain. */
const countedKpi = () => {
  const metric = shownMetric();
  if (metricUnit(metric) !== "count") return "revenue";
  return metric !== "new_clients" ? "leads" : shownBasis() === "cohort" ? "deals_won" : "new_clients";
};
const firstFactorMonth = () => MONTHS[MONTHS.length - PAYLOAD.cut.factor_months] || "";
const withinNoise = (row) => Math.abs(row.effect) <= 1.96 * row.stderr;
const isPooled = () => group("pooled", "comparison", "basis", "month", "channel_key")(state.compare, shownBasis(), state.month, state.channel).length > 0;

/** Factors in their order with the effects of the chosen channel, or of all channels together (effects add up). */
function factorEffects() {
  const rows = group("factors", "metric", "comparison", "basis", "month")(shownMetric(), state.compare, shownBasis(), state.month)
    .filter((row) => state.channel === "all" || row.channel_key === state.channel || (row.channel_key === "(pooled)" && isPooled()));
  return PAYLOAD.factor_labels.flatMap((info) => {
    const of = rows.filter((row) => row.factor === info.factor);
    const spanOf = (row) => `${row.first_step} ${row.owner_department}`;
    return [...new Set(of.map(spanOf))].map((span) => {
      const parts = of.filter((row) => spanOf(row) === span);
      const { first_step, owner_department } = parts[0];
      return { ...info, first_step, owner_department, parts, effect: sum(parts, "effect"), proven: parts.some((row) => !withinNoise(row)) };
    });
  });
}

/** Whose an effect can be; nobody's is shown only where there is one. */
const owners = (factors) => ["marketing", "sales", "market", "undivided"].filter((department) => department !== "undivided"
  || factors.some((factor) => factor.owner_department === department));

function departmentFigures(row, factors) {
  const format = inMetric(shownMetric());
  return h("ul", { class: "departments" }, owners(factors).map((department) => {
    const whole = state.channel === "all";
    const effect = whole ? row[`${department}_effect`] : sum(factors.filter((factor) => factor.owner_department === department), "effect");
    const stderr = whole ? row[`${department}_stderr`] : null;
    // the headline asks for more than 95 % because it looks at many months; what it does not name is never shown as certain
    const inside = isNumber(stderr) && Math.abs(effect) <= 1.96 * stderr;
    const proven = factors.some((factor) => factor.owner_department === department && factor.proven);
    const quiet = whole ? inside || !row.main_department : !proven;
    return h("li", { class: department },
      h("span", { class: "name" }, h("i", { class: "swatch" }), departmentLabel(department)),
      h("span", { class: `effect ${quiet ? "quiet" : ""}`, "data-effect": department, "data-value": effect }, signed(effect, format)),
      h("span", { class: "quiet-note" }, isNumber(stderr) && stderr > 0
        ? [`± ${format(1.96 * stderr)}`, quiet ? ` · ${t("within_noise")}` : "",
          isNumber(row[`p_${department}`]) ? ` · ${t("likely", { p: percent(row[`p_${department}`]) })}` : ""] : quiet && effect ? t("within_noise") : ""));
  }));
}

/** Rows of a waterfall lying on its side: readable labels, and room for them on a phone. */
function waterfall(row, factors) {
  const format = inMetric(shownMetric());
  const whole = state.channel === "all";
  const base = whole ? row.base : 0;
  const steps = [];
  let level = base;
  for (const factor of factors) {
    steps.push({ factor, from: level, to: level + factor.effect });
    level += factor.effect;
  }
  const levels = steps.flatMap((step) => [step.from, step.to]).concat(base);
  const least = Math.min(...levels);
  const most = Math.max(...levels);
  // totals start at zero unless the steps would then be too small to see
  const low = whole && least > 0 && (most - least) < 0.35 * most ? least - (most - least) * 0.6 : Math.min(0, least);
  const at = (value) => ((value - low) / (most - low || 1)) * 100;
  const bar = (from, to, kind) => h("span", { class: "track", "aria-hidden": "true" }, low < 0 ? h("i", { class: "zero", style: { left: `${at(0)}%` } }) : null,
    h("i", { class: `bar ${kind}`, style: { left: `${at(Math.min(from, to))}%`, width: `${Math.max(Math.abs(at(to) - at(from)), 0.35)}%` } }));
  const total = (month, value, cut) => h("li", { class: "total" }, h("span", { class: "name" }, monthLabel(month)),
    bar(low < 0 ? 0 : low, value, `sum ${cut ? "cut" : ""}`), h("span", { class: "value", "data-value": value }, metricUnit(shownMetric()) === "count" ? count(value) : money(value)));
  return h("div", null,
    h("ol", { class: "waterfall" }, whole ? total(otherMonth(), base, low > 0) : null,
      steps.map(({ factor, from, to }) => h("li", { class: factor.owner_department }, h("span", { class: "name" }, factorLabel(factor)),
        bar(from, to, factor.proven ? "" : "open"), h("span", { class: "value", "data-factor": factor.factor, "data-value": factor.effect },
          signed(factor.effect, format)))),
      whole ? total(state.month, level, low > 0) : null),
    h("p", { class: "key" }, owners(factors).map((department) =>
      h("span", { class: department }, h("i", { class: "swatch" }), departmentLabel(department))),
    h("span", null, h("i", { class: "swatch open" }), t("open_bar")), low > 0 ? h("span", null, t("cut_axis")) : null));
}

function factorValue(kind, value) {
  if (!isNumber(value)) return NOTHING;
  if (kind === "rate" || kind === "share") return percent(value);
  if (kind === "count") return count(value);
  if (kind === "index") return fixed(value, 2);
  return kind === "money" ? money(value) : inMetric(shownMetric())(value);
}

function largestEffects(factors) {
  const format = inMetric(shownMetric());
  const parts = factors.flatMap((factor) => factor.parts.map((part) => ({ ...part, info: factor })))
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect)).slice(0, 8);
  return dataTable({
    caption: t("largest_effects"), className: "wide", text: [2, 5],
    head: [t("factor"), t("effect"), t("channel"), monthLabel(otherMonth(), "short"), monthLabel(state.month, "short"), t("owner")],
    rows: parts.map((part) => ({
      class: withinNoise(part) ? "quiet" : "",
      cells: [factorLabel(part), { text: `${signed(part.effect, format)} ± ${format(1.96 * part.stderr)}`, value: part.effect },
        channelLabel(part.channel_key), factorValue(part.info.value_kind, part.base), factorValue(part.info.value_kind, part.current),
        departmentLabel(part.info.owner_department)],
    })),
  });
}

function factorTable(factors) {
  const format = inMetric(shownMetric());
  return dataTable({
    caption: t("effects_by_factor"), text: [1], head: [t("factor"), t("owner"), t("effect"), t("beyond_noise")],
    rows: factors.map((factor) => [factorLabel(factor), departmentLabel(factor.owner_department),
      { text: signed(factor.effect, format), value: factor.effect }, t(factor.proven ? "yes" : "no")]),
  });
}

/** What exactly is compared: the headline's figures mean little without it. */
function kicker(row) {
  const months = { month: monthLabel(state.month), other: monthLabel(otherMonth()), n: row.window_days };
  if (row.basis === "period") return t(row.window_kind === "to_date" ? "kicker_period_to_date" : "kicker_period", months);
  return t(row.window_kind === "to_date" ? "kicker_young" : "kicker_cohort", months);
}

function verdictControls() {
  return h("div", { class: "controls" },
    segmented("metric", t("metric"), METRICS.map((metric) => [metric, metricLabel(metric)]), shownMetric()),
    segmented("basis", t("basis"), ["period", "cohort"].map((basis) => [basis, t(`basis_${basis}`)]), shownBasis()));
}

/** Of a month whose deals are mostly still to come: where the latest settled month is, and what it says. */
function settledVerdict(row) {
  const verdicts = group("verdicts", "metric", "comparison", "basis")(row.metric, row.comparison, "cohort");
  if (verdicts.find((each) => each.month === row.month)?.window_kind !== "to_date") return null;
  const settled = verdicts
    .filter((each) => each.month < row.month && each.window_kind !== "to_date").pop();
  if (!settled) return null;
  return h("p", { class: "settled" }, h("a", { href: `#month=${settled.month.slice(0, 7)}&basis=cohort` }, t("settled", { month: monthLabel(settled.month) })), " ",
    wellSet(settled[`headline_${state.lang}`] || settled.headline_en || ""));
}

/** What three months together say, where they end with this one: more leads, less chance. */
function quarterVerdict(row) {
  const quarter = group("verdicts", "metric", "comparison", "basis", "month")(row.metric,
    row.comparison === "previous_year" ? "previous_year_quarter" : "previous_quarter", row.basis, row.month)[0];
  return quarter ? h("p", { class: "settled" }, h("strong", null, t("three_months")), " ", wellSet(quarter[`headline_${state.lang}`] || quarter.headline_en || "")) : null;
}

section("verdict", "verdict", "both", (body) => {
  const row = verdictRow();
  put(body, verdictControls());
  if (!row) {
    put(body, emptyNoteOf(countedKpi(), t(hasTable("verdicts") ? "no_verdict" : "not_published", { month: monthLabel(otherMonth()) })));
    return;
  }
  const factors = factorEffects();
  const whole = state.channel === "all";
  put(body, 
    h("p", { class: "kicker" }, kicker(row)),
    h("p", { class: "headline", id: "headline" }, wellSet(row[`headline_${state.lang}`] || row.headline_en || "")),
    whole ? null : note(t(isPooled() ? "pooled_effects" : "channel_effects", { channel: channelLabel(state.channel) })),
    departmentFigures(row, factors));
  if (whole) put(body, quarterVerdict(row), settledVerdict(row));
  put(body, h("p", { class: "confidence" }, h("strong", null, `${t("confidence")}: ${t(`confidence_${row.confidence}`)}. `),
    row[`caveats_${state.lang}`] || row.caveats_en || ""));
  put(body, factors.length ? figure({
    id: "waterfall", title: t("waterfall_title"), draw: () => waterfall(row, factors), asTable: () => factorTable(factors),
    after: [h("figcaption", null, t("accounting"))],
  }) : emptyNote(t(state.month < firstFactorMonth() ? "factors_cut" : "no_factors", { n: PAYLOAD.cut.factor_months })));
  if (factors.length) put(body, h("h3", null, t("largest_effects")), largestEffects(factors));
}, "mart_change_factors");
