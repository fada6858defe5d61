// Words and numbers in the reader's language. Labels of KPIs, channels, stages and reasons come with the data.
function t(key, values = {}) {
  const text = WORDS[state.lang][key] ?? WORDS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "").replaceAll(" %", "\u00a0%");
}

const labelOf = (row, fallback) => (row ? row[`label_${state.lang}`] || row.label_en : fallback) || fallback;
const kpiLabel = (kpi) => labelOf(kpiInfo(kpi), kpi);
const stageLabel = (stage) => labelOf(stageInfo(stage), stage);
const reasonLabel = (reason) => labelOf(group("reasons", "reason_key")(reason)[0], reason);
const channelLabel = (channel) => (channel === "all" ? t("all_channels") : channel === "(pooled)" ? t("pooled_channels") : labelOf(group("channels", "channel_key")(channel)[0], channel));
const factorText = (factor) => labelOf(PAYLOAD.factor_labels.find((row) => row.factor === factor), factor);
/** A step over stages that are not recorded goes from where its first step starts to where it leads itself. */
const factorLabel = ({ factor, first_step: first }) => wellSet(first && first !== factor
  ? `${factorText(first).split(" -> ")[0]} -> ${factorText(factor).split(" -> ").pop()}` : factorText(factor));
/** Arrows and minus signs as they are printed, where the warehouse writes them on a keyboard; a number stays on one line with its unit. */
const wellSet = (text) => text.replaceAll("->", "→").replace(/(^|[\s(])-(?=\d)/g, "$1−")
  .replace(/(\d) (?=\d{3}(?!\d)|[%€$£₽]|[A-Z]{3}(?![A-Za-z]))/g, "$1\u00a0");
const departmentLabel = (department) => t(`department_${department}`);
const serviceLabel = (service) => (service === "(none)" ? t("service_none") : service);
const ownerLabel = (owner) => (owner === "(none)" ? t("owner_none") : owner);

const formats = new Map();
function numberFormat(options) {
  const key = state.lang + JSON.stringify(options);
  if (!formats.has(key)) {
    const plain = new Intl.NumberFormat(state.lang === "ru" ? "ru-RU" : "en-GB", options);
    formats.set(key, { format: (value) => plain.format(value).replace("-", "−") });
  }
  return formats.get(key);
}

const NOTHING = "–";
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const fixed = (value, digits) => numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
const upTo = (value, digits) => numberFormat({ maximumFractionDigits: digits }).format(value);
const count = (value) => (isNumber(value) ? upTo(value, 1) : NOTHING);

function money(value) {
  if (!isNumber(value)) return NOTHING;
  const digits = Math.abs(value) < 100 && value !== 0 ? 2 : 0;
  const currency = publication().base_currency;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  if (/^[A-Z]{3}$/.test(currency || "")) return numberFormat({ ...options, style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(value);
  return numberFormat(options).format(value);
}

const percent = (share, digits = 1) => (isNumber(share) ? `${fixed(share * 100, digits)}\u00a0%` : NOTHING);

/** Minutes as a person says them: minutes below two hours, hours below two days, then days. */
function duration(minutes) {
  if (!isNumber(minutes)) return NOTHING;
  if (minutes < 120) return t("minutes", { n: upTo(minutes, minutes < 10 ? 1 : 0) });
  if (minutes < 2880) return t("hours", { n: upTo(minutes / 60, 1) });
  return t("days", { n: upTo(minutes / 1440, 1) });
}

/** A KPI's value in its own unit. */
function inUnit(value, unit) {
  if (!isNumber(value)) return NOTHING;
  if (unit === "base_currency") return money(value);
  if (unit === "ratio") return percent(value);
  if (unit === "minutes") return duration(value);
  if (unit === "hours") return duration(value * 60);
  if (unit === "days") return duration(value * 1440);
  return count(value);
}

function signed(value, format) {
  if (!isNumber(value)) return NOTHING;
  const text = format(Math.abs(value));
  if (!/[1-9]/.test(text)) return text;
  return (value > 0 ? "+" : "−") + text;
}

const metricUnit = (metric) => (metric.endsWith("revenue") ? "base_currency" : "count");
const inMetric = (metric) => (value) => (metricUnit(metric) === "count" ? fixed(value, 1) : money(value));
// a stage in brief: what stands in brackets explains it
const metricLabel = (metric) => (stageInfo(metric) ? stageLabel(metric).split(" (")[0] : t(`metric_${metric}`));

function monthLabel(month, style = "long") {
  const options = style === "short" ? { month: "short" } : { month: "long", year: "numeric" };
  const text = new Intl.DateTimeFormat(state.lang === "ru" ? "ru-RU" : "en-GB", { ...options, timeZone: "UTC" }).format(new Date(`${month}T00:00:00Z`));
  return style === "short" ? `${text.replace(".", "")} ’${month.slice(2, 4)}` : text.replace(/\s?г\.$/, "");
}

function dayLabel(day) {
  if (!day) return NOTHING;
  const options = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  return new Intl.DateTimeFormat(state.lang === "ru" ? "ru-RU" : "en-GB", options).format(new Date(`${day.slice(0, 10)}T00:00:00Z`)).replace(/\s?г\.$/, "");
}

const otherMonth = () => shiftMonth(state.month, state.compare === "previous_year" ? -12 : -1);
