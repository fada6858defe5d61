// What is out of the ordinary: control charts by week, each with the limits that chance keeps to.
function controlChart(rows, { width = 220, height = 64 } = {}) {
  const known = rows.flatMap((row) => [row.average, row.lower_limit, row.upper_limit]).filter(isNumber);
  if (known.length < 2) return h("span", { class: "spark empty", "aria-hidden": "true" });
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const x = (i) => 2 + (i * (width - 6)) / Math.max(rows.length - 1, 1);
  const y = (value) => height - 3 - ((value - low) * (height - 6)) / span;
  const points = (key, some) => some.filter((i) => isNumber(rows[i][key])).map((i) => `${x(i).toFixed(1)} ${y(rows[i][key]).toFixed(1)}`);
  const every = rows.map((_, i) => i);
  const limited = every.filter((i) => isNumber(rows[i].lower_limit) && isNumber(rows[i].upper_limit));
  const line = (name, key) => {
    const drawn = points(key, every);
    return drawn.length > 1 ? s("path", { class: name, d: `M${drawn.join("L")}` }) : null;
  };
  const out = every.filter((i) => rows[i].is_out && isNumber(rows[i].average));
  return s("svg", { class: "spark control", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    limited.length > 1 ? s("path", { class: "control-band", d: `M${[...points("upper_limit", limited), ...points("lower_limit", [...limited].reverse())].join("L")}Z` }) : null,
    line("control-expected", "expected"), line("spark-line", "average"),
    out.map((i) => s("path", { class: `control-out ${rows[i].is_worse ? "bad" : "good"}`, d: `M${x(i).toFixed(1)} ${y(rows[i].average).toFixed(1)}h0.01` })));
}

function signalValue(metric, value) {
  if (!isNumber(value)) return NOTHING;
  if (metric.startsWith("step_")) return percent(value, 0);
  if (metric.startsWith("speed_")) return duration(value);
  return metric === "leads" ? count(Math.round(value)) : money(value);
}

const signalSentence = (row) => wellSet((row[`sentence_${state.lang}`] || "").replace(/\d{4}-\d{2}-\d{2}/g, dayLabel));

section("signals", "signals", "channel", (body) => {
  const every = table("signals");
  const open = every.filter((row) => row.is_open && (state.channel === "all" || row.channel_key === state.channel))
    .sort((a, b) => (a.channel_key === "all" ? 0 : 1) - (b.channel_key === "all" ? 0 : 1) || a.display_order - b.display_order);
  put(body, h("p", { class: "lead" }, open.length ? t("signals_open", { n: count(open.length) }) : every.length ? t("no_signals") : t("no_charts")));
  if (open.length) {
    put(body, h("ul", { class: "signals" }, open.map((row) => h("li", { class: row.is_worse ? "bad" : "good", "data-metric": row.metric },
      hidden(`${t(row.is_worse ? "bad" : "good")}: `), signalSentence(row)))));
  }
  const charts = new Map();
  for (const row of every.filter((each) => each.channel_key === state.channel)) {
    if (!charts.has(row.metric)) charts.set(row.metric, []);
    charts.get(row.metric).push(row);
  }
  const ordered = [...charts.values()].filter((rows) => rows.some((row) => isNumber(row.expected))).sort((a, b) => a[0].display_order - b[0].display_order);
  if (!ordered.length) {
    if (every.length) put(body, emptyNote(t("no_charts")));
    return;
  }
  put(body, h("div", { class: "strip" }, ordered.map((rows) => {
    const last = rows[rows.length - 1];
    const limits = t("signal_limits", { low: signalValue(last.metric, last.lower_limit), high: signalValue(last.metric, last.upper_limit) });
    return h("figure", { class: `mini ${last.owner_department}`, "data-metric": last.metric },
      h("figcaption", null, h("strong", null, wellSet(labelOf(last, last.metric))), h("span", { class: last.is_open ? (last.is_worse ? "bad" : "good") : "" }, signalValue(last.metric, last.average))),
      controlChart(rows), h("small", null, `${limits} · ${dayLabel(last.week)}`));
  })), note(t("signals_note")));
}, "mart_signal");
