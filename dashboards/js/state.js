// What the reader chose. It lives in the address, so that a link shows the same page to someone else.
const CHOICES = {
  compare: ["previous_month", "previous_year"],
  metric: ["auto", ...METRICS],
  basis: ["auto", "cohort", "period"],
  funnel: ["period", "cohort"],
  window: ["0", "30", "60", "90", "180", "365"],
  heat: ["from_lead", "step"],
  span: ["1", "3", "12"],
  lang: ["en", "ru"],
  theme: ["auto", "light", "dark"],
};
const state = {
  month: "", channel: "all", compare: "previous_month", metric: "auto", basis: "auto", funnel: "period", window: "0", heat: "from_lead",
  span: "12", lang: (navigator.language || "").toLowerCase().startsWith("ru") ? "ru" : "en", theme: "auto", tables: new Set(),
};
const startState = { ...state };

// A month that has just begun says little: the page opens on the last whole one when the running month is younger than a week.
function defaultMonth() {
  const last = MONTHS[MONTHS.length - 1] || "";
  const day = Number((publication().as_of || "").slice(8, 10));
  return isPartial(last) && day < 7 && MONTHS.length > 1 ? MONTHS[MONTHS.length - 2] : last;
}

// Deals of a month's own leads need time: until they had it, the page opens on what happened in the month.
function shownBasis() {
  if (state.basis !== "auto") return state.basis;
  const cohort = group("verdicts", "comparison", "basis", "month")(state.compare, "cohort", state.month)[0];
  return cohort && cohort.window_kind !== "to_date" ? "cohort" : "period";
}

// The figure nearest to the client that there is something to say of.
function shownMetric() {
  if (state.metric !== "auto") return state.metric;
  const first = group("verdicts", "comparison", "basis", "month")(state.compare, shownBasis(), state.month).find((row) => row.is_first_line);
  return first ? first.metric : "new_clients";
}

/** Take over what an address says; unknown values are ignored. Returns the element to go to, if any. */
function readHash() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const [key, values] of Object.entries(CHOICES)) if (values.includes(given.get(key))) state[key] = given.get(key);
  const month = given.get("month") && `${given.get("month")}-01`;
  if (MONTHS.includes(month)) state.month = month;
  if (given.get("channel") === "all" || shownChannels().includes(given.get("channel"))) state.channel = given.get("channel");
  if (given.has("tables")) state.tables = new Set(given.get("tables").split(",").filter(Boolean));
  return given.get("at");
}

function writeHash() {
  const said = new URLSearchParams();
  said.set("month", state.month.slice(0, 7));
  said.set("channel", state.channel);
  said.set("lang", state.lang);
  for (const key of Object.keys(CHOICES)) if (key !== "lang" && state[key] !== startState[key]) said.set(key, state[key]);
  if (state.tables.size) said.set("tables", [...state.tables].sort().join(","));
  history.replaceState(null, "", `#${said}`);
}

/** The channels that have figures, in their display order. */
function shownChannels() {
  const seen = new Set(table("economics").map((row) => row.channel_key));
  return table("channels").map((row) => row.channel_key).filter((key) => seen.has(key));
}

function choose(changes) {
  Object.assign(state, changes);
  writeHash();
  renderAll();
}
