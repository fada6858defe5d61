// One funnel from lead to client, with its narrowest step and the one that got worse.
const FEW = 10;

/** Why a stage has no figure: no source records it, or none dates it, so that its month is unknown and only cohorts can tell of it. */
function stageUnknown(stage) {
  if (stage.is_recorded === false) return "not_recorded";
  return state.funnel === "period" && stage.is_dated === false ? "not_dated" : null;
}

/** Stages with count, the count of the stage before, and conversion, for a month: flows of the month or its cohort of leads. */
function funnelOf(month) {
  const stages = funnelStages();
  return stages.map((stage) => {
    const row = state.funnel === "period"
      ? group("funnel_period", "channel_key", "stage_key", "event_month")(state.channel, stage.stage_key, month)[0]
      : group("funnel_cohort", "channel_key", "window_days", "stage_key", "lead_month")(state.channel, state.window, stage.stage_key, month)[0];
    const reached = state.funnel === "period" ? row?.entries : row?.reached;
    const before = state.funnel === "period" ? row?.entries_previous : row?.reached_previous;
    const because = stageUnknown(stage);
    const unknown = because && t(`unknown_${because}`);
    return {
      stage, because, unknown, reached: reached ?? 0, imputed: row?.reached_imputed ?? 0, before: before ?? 0, mature: row?.is_mature,
      conversion: stage.stage_order === 1 || unknown ? null : ratio(reached, before),
    };
  });
}

function bottlenecks(now, then) {
  const steps = now.map((step, i) => ({
    ...step, change: isNumber(step.conversion) && isNumber(then[i].conversion) ? step.conversion - then[i].conversion : null, then: then[i],
  }));
  const known = steps.filter((step) => isNumber(step.conversion) && step.before >= FEW);
  const changed = known.filter((step) => isNumber(step.change) && step.then.before >= FEW && step.change < 0);
  const least = (list, value) => list.reduce((best, step) => (best === null || value(step) < value(best) ? step : best), null);
  // leads that are still under way have not failed a step yet
  const ripe = now[0].mature !== false;
  return { steps, ripe, lowest: least(known, (step) => step.conversion), worst: ripe ? least(changed, (step) => step.change) : null };
}

const points = (value) => t("points", { n: signed(value * 100, (part) => upTo(part, 1)) });

function funnelBars({ steps, lowest, worst }) {
  const most = Math.max(...steps.map((step) => Math.max(step.reached, step.then.reached)), 1);
  return h("ol", { class: "funnel" }, steps.map((step) => {
    const key = step.stage.stage_key;
    const tags = [key === lowest?.stage.stage_key ? ["lowest", t("tag_lowest")] : null, key === worst?.stage.stage_key ? ["worst", t("tag_worst")] : null];
    return h("li", { class: `${step.stage.department} ${tags.some(Boolean) ? "marked" : ""}`, "data-stage": key },
      h("span", { class: "name" }, stageLabel(key)),
      h("span", { class: "track", "aria-hidden": "true" },
        h("i", { class: "bar", style: { width: `${(step.reached / most) * 100}%` } }),
        step.imputed ? h("i", { class: "bar imputed", style: { left: `${((step.reached - step.imputed) / most) * 100}%`, width: `${(step.imputed / most) * 100}%` } }) : null,
        step.unknown ? null : h("i", { class: "ghost", style: { left: `${(step.then.reached / most) * 100}%` } })),
      h("span", { class: step.unknown ? "value faint" : "value", "data-value": step.unknown ? null : step.reached },
        step.unknown ?? count(step.reached)),
      step.stage.stage_order === 1 ? h("span", { class: "step" }) : h("span", { class: "step" },
        kpiLink(`step_conversion_${key}${state.funnel === "cohort" ? "_cohort" : ""}`,
          h("b", { "data-conversion": step.conversion }, percent(step.conversion, 0))),
        isNumber(step.change) ? h("span", { class: `change ${step.before < FEW ? "even" : step.change < -0.0005 ? "bad" : step.change > 0.0005 ? "good" : "even"}` }, points(step.change)) : null),
      h("span", { class: "tags" }, tags.filter(Boolean).map(([kind, text]) => h("strong", { class: `tag ${kind}` }, text))));
  }));
}

function funnelTable({ steps }) {
  return dataTable({
    caption: t("funnel_title"),
    head: [t("stage"), monthLabel(state.month, "short"), monthLabel(otherMonth(), "short"), t("step_conversion"), t("before"), t("change_points")],
    rows: steps.map((step) => [stageLabel(step.stage.stage_key), step.unknown ?? { text: count(step.reached), value: step.reached },
      step.unknown ? NOTHING : count(step.then.reached),
      { text: percent(step.conversion), value: step.conversion }, percent(step.then.conversion), isNumber(step.change) ? points(step.change) : NOTHING]),
  });
}

function exitsTable() {
  const rows = funnelStages().map((stage) => group("funnel_period", "channel_key", "stage_key", "event_month")(state.channel, stage.stage_key, state.month)[0])
    .filter((row) => row && row.exits_rejected + row.exits_returned + row.exits_lost > 0);
  if (!rows.length) return emptyNoteOf("lost_deals", t("no_exits"));
  return dataTable({
    caption: t("exits_title"), head: [t("left_after"), stageLabel("rejected"), stageLabel("returned"), stageLabel("lost"), stageLabel("partner_handoff")],
    rows: rows.map((row) => [stageLabel(row.stage_key), count(row.exits_rejected), count(row.exits_returned), count(row.exits_lost), count(row.exits_partner_handoff)]),
  });
}

/** The funnel starts with attempts: a lost lead that comes back goes through it again, but is no new lead. */
function cameBack(attempts) {
  const leads = kpiRow("leads", state.channel, state.month)?.value;
  return isNumber(leads) && attempts > leads ? ` ${t("came_back", { n: count(attempts - leads), leads: count(leads) })}` : null;
}

/** The step that loses most against its own usual rate, and what one more percent of each would bring. */
function stepGains(body) {
  const rows = table("gains").filter((row) => row.channel_key === state.channel && stageInfo(row.stage_key))
    .sort((a, b) => stageInfo(a.stage_key).stage_order - stageInfo(b.stage_key).stage_order);
  if (!rows.length) return;
  const worst = rows.find((row) => row.is_bottleneck);
  const when = { month: monthLabel(rows[0].month), n: count(rows[0].window_days) };
  put(body, h("h3", null, t("gains_title")),
    h("p", { class: "lead", id: "gains" }, worst
      ? t("gains_worst", { stage: stageLabel(worst.stage_key), pct: percent(worst.rate, 0), usual: percent(worst.usual_rate, 0), clients: count(worst.lost_clients) })
      : t(rows.some((row) => isNumber(row.usual_rate)) ? "gains_none" : "gains_unknown")),
    dataTable({
      caption: t("gains_title"), head: [t("stage"), t("step_conversion"), t("usual"), t("lost_clients"), t("gain_clients"), t("gain_revenue")],
      rows: rows.map((row) => [stageLabel(row.stage_key), { text: percent(row.rate), value: row.rate, class: row.is_bottleneck ? "bad" : "" }, percent(row.usual_rate),
        count(row.lost_clients), { text: count(row.gain_clients), value: row.gain_clients }, { text: money(row.gain_revenue), value: row.gain_revenue }]),
    }), note(t("gains_note", when)));
}

section("funnel", "funnel", "both", (body) => {
  const controls = [segmented("funnel", t("funnel_basis"), CHOICES.funnel.map((value) => [value, t(`funnel_${value}`)]))];
  const windows = [...new Set(table("funnel_cohort").map((row) => row.window_days))].sort((a, b) => a - b);
  if (state.funnel === "cohort") controls.push(selector("window", t("window"), windows.map((days) => [String(days), days ? t("window_days", { n: days }) : t("window_all")])));
  put(body, h("div", { class: "controls" }, controls));
  const now = funnelOf(state.month);
  if (!now[0] || (state.funnel === "cohort" && !now[0].reached) || !now.some((step) => step.reached)) {
    put(body, emptyNote(t("no_funnel", { month: monthLabel(state.month), channel: channelLabel(state.channel) })));
    return;
  }
  const found = bottlenecks(now, funnelOf(otherMonth()));
  const said = found.lowest ? t("bottleneck", { stage: stageLabel(found.lowest.stage.stage_key), pct: percent(found.lowest.conversion, 0) }) : t("bottleneck_few", { n: FEW });
  const worse = found.worst ? t("bottleneck_worse", { stage: stageLabel(found.worst.stage.stage_key), points: points(found.worst.change) }) : found.ripe ? t("bottleneck_none_worse") : "";
  put(body, h("p", { class: "lead", id: "bottleneck" }, said, " ", worse));
  if (state.funnel === "cohort" && now[0].mature === false) put(body, note(t("young_cohort")));
  for (const because of ["not_recorded", "not_dated"]) {
    const stages = now.filter((step) => step.because === because).map((step) => stageLabel(step.stage.stage_key));
    if (stages.length) put(body, note(t(`funnel_${because}`, { stages: stages.join(", ") }), { class: "note warn" }));
  }
  if (state.funnel === "period" && isPartial(state.month)) put(body, note(t("partial_funnel")));
  put(body, figure({
    id: "funnel", title: t("funnel_title"), draw: () => funnelBars(found), asTable: () => funnelTable(found),
    after: [h("figcaption", null, t("funnel_key", { month: monthLabel(otherMonth()) }), cameBack(now[0].reached))],
  }));
  stepGains(body);
  if (state.funnel === "period") put(body, h("h3", null, t("exits_title")), exitsTable());
}, "mart_funnel_period");
