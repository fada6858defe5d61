// ECharts in the page's own type and colours. A chart is drawn when it comes into view, and all of them before printing.
const waiting = new Map();
const drawn = new Set();
const inView = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) drawChart(entry.target);
}, { rootMargin: "300px" });

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function drawChart(element) {
  const options = waiting.get(element);
  if (!options || !element.isConnected) return;
  waiting.delete(element);
  inView.unobserve(element);
  const chart = echarts.init(element, null, { renderer: "svg" });
  chart.setOption({ animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("ink") }, ...options() });
  drawn.add(element);
}

function dropCharts() {
  for (const element of drawn) {
    if (element.isConnected) continue;
    const chart = echarts.getInstanceByDom(element);
    if (chart) chart.dispose();
    drawn.delete(element);
  }
  for (const element of waiting.keys()) if (!element.isConnected) waiting.delete(element);
}

function resizeCharts(size) {
  for (const element of drawn) {
    const chart = echarts.getInstanceByDom(element);
    if (chart) chart.resize(size);
  }
}

/** A chart drawn later; `summary` is what it says to those who cannot see it. */
function chartBox(summary, options, height = 260) {
  const element = h("div", { class: "chart", role: "img", "aria-label": summary, style: { height: `${height}px` } });
  waiting.set(element, options);
  inView.observe(element);
  return element;
}

/** Tooltip out of elements, never out of markup. */
function tooltipOf(format) {
  return {
    trigger: "axis", confine: true, backgroundColor: colour("raised"), borderColor: colour("line"), textStyle: { color: colour("ink"), fontSize: 12 },
    axisPointer: { type: "line", lineStyle: { color: colour("faint") } },
    formatter: (points) => h("div", { class: "tip" }, h("strong", null, points[0].axisValueLabel ?? points[0].name),
      points.filter((point) => isNumber(point.data?.value ?? point.data)).map((point) =>
        h("div", null, h("i", { style: { background: point.color } }), `${point.seriesName}  `, h("b", null, format(point.data?.value ?? point.data))))),
  };
}

const axisText = () => ({ color: colour("muted"), fontSize: 11 });
const categoryAxis = (data) => ({
  type: "category", data, axisTick: { show: false }, axisLine: { lineStyle: { color: colour("line") } }, axisLabel: { ...axisText(), hideOverlap: true },
});
const valueAxis = (format) => ({
  type: "value", splitNumber: 4, splitLine: { lineStyle: { color: colour("hair") } }, axisLabel: { ...axisText(), formatter: format },
});
// a legend of several names takes two lines on a phone
const chartGrid = () => ({ left: 4, right: 12, top: innerWidth < 640 ? 54 : 34, bottom: 4, outerBoundsMode: "same" });
const chartLegend = () => ({ top: 0, left: 0, itemWidth: 14, itemHeight: 8, icon: "roundRect", textStyle: { color: colour("muted"), fontSize: 12 } });
const lineSeries = (name, data, hue, more = {}) => ({
  name, data, type: "line", symbol: "circle", symbolSize: 4, showSymbol: data.filter(isNumber).length < 3, color: hue, lineStyle: { width: 1.8 },
  emphasis: { disabled: true }, ...more,
});
const barSeries = (name, data, hue, more = {}) => ({ name, data, type: "bar", color: hue, barMaxWidth: 22, emphasis: { disabled: true }, ...more });

/** Short axis labels for money: 12k, 1.2M. */
const shortNumber = (value) => numberFormat({ notation: "compact", maximumFractionDigits: 1 }).format(value);

addEventListener("resize", () => resizeCharts());
// Paper is light and as wide as a page; charts are drawn in the colours of the moment, so the page is drawn again for it and after it.
let printing = false;
addEventListener("beforeprint", () => {
  printing = true;
  renderAll();
  for (const element of [...waiting.keys()]) drawChart(element);
  resizeCharts({ width: 680 });
});
addEventListener("afterprint", () => {
  printing = false;
  renderAll();
});
