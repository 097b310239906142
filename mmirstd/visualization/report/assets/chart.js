// Line and bar charts as SVG. Sizes are in the units of the view box.

const CHART = { width: 420, height: 270, left: 46, right: 12, top: 14, bottom: 36 };

function frame(description) {
  return svg('svg', { viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: 'img', 'aria-label': description });
}

function text(x, y, content, attributes = {}) {
  return svg('text', { x, y, 'text-anchor': 'middle', ...attributes }, content);
}

const yOf = value => CHART.height - CHART.bottom - value * (CHART.height - CHART.top - CHART.bottom);

function yAxis(chart, label) {
  const right = CHART.width - CHART.right;
  for (let tick = 0; tick <= 5; tick++) {
    const y = yOf(tick / 5);
    chart.append(svg('line', { class: 'grid', x1: CHART.left, x2: right, y1: y, y2: y }),
      text(CHART.left - 6, y + 4, (tick / 5).toFixed(1), { 'text-anchor': 'end' }));
  }
  chart.append(text(12, CHART.top + 90, label, { transform: `rotate(-90 12 ${CHART.top + 90})` }));
}

// A rate in [0, 1] over one with many decades, drawn on a logarithmic axis. What is below the axis is drawn at its
// left end.
//   series: for each run {x: [...], y: [...]};  mark(run, k): the [x, y] of the threshold
function rateChart(place, { xLabel, yLabel, series, mark, name }) {
  const positive = series.flatMap(s => s.x).filter(v => v > 0);
  const lowest = Math.max(1e-9, Math.min(1, ...positive));
  const from = Math.min(-1, Math.floor(Math.log10(lowest)));
  const highest = Math.max(lowest, ...positive);
  const to = Math.max(from + 1, Math.ceil(Math.log10(highest)));
  const span = CHART.width - CHART.left - CHART.right;
  const xOf = value => CHART.left + span * Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-12)) - from) / (to - from)));

  const chart = frame('');
  yAxis(chart, yLabel);
  const every = Math.ceil((to - from) / 7);
  for (let decade = from; decade <= to; decade += every) {
    const x = xOf(10 ** decade);
    chart.append(svg('line', { class: 'grid', x1: x, x2: x, y1: CHART.top, y2: yOf(0) }),
      text(x, yOf(0) + 15, decade === 0 ? '1' : `1e${decade}`));
  }
  chart.append(text(CHART.left + span / 2, CHART.height - 4, xLabel));
  const marks = series.map(({ x, y }, run) => {
    // Where nothing is positive there is no point either: a line from it would show rates that no threshold has.
    const points = x.map((v, i) => [v, y[i]]).filter(([a, b]) => isNumber(a) && isNumber(b) && (a > 0 || b > 0));
    chart.append(svg('polyline', {
      points: points.map(([a, b]) => `${xOf(a).toFixed(1)},${yOf(b).toFixed(1)}`).join(' '), fill: 'none',
      stroke: runColor(run), 'stroke-width': 2, 'stroke-dasharray': DASHES[run], 'stroke-linejoin': 'round',
    }));
    const dot = svg('circle', { r: 5, fill: runColor(run), stroke: 'var(--card)', 'stroke-width': 1.5 });
    chart.append(dot);
    return dot;
  });
  place.replaceChildren(chart);

  return k => {
    const words = marks.map((dot, run) => {
      const [x, y] = mark(run, k);
      const known = isNumber(x) && isNumber(y);
      dot.style.display = known ? '' : 'none';
      if (!known) return `${RUNS[run].name}: not defined`;
      dot.setAttribute('cx', xOf(x));
      dot.setAttribute('cy', yOf(y));
      return `${RUNS[run].name}: ${yLabel} ${y.toFixed(4)} at ${xLabel} ${x.toExponential(2)}`;
    });
    chart.setAttribute('aria-label', `${name}, threshold ${thresholdText(k)}. ${words.join('; ')}`);
  };
}

// Detected / targets of groups of targets, one bar a run, redrawn for each threshold.
//   groups(run): [{label, targets, detected: [...]}]
function groupChart(place, { groups, name }) {
  const first = groups(0);
  const span = CHART.width - CHART.left - CHART.right;
  const step = span / first.length;
  const barWidth = Math.min(40, step * 0.8 / RUNS.length);

  return k => {
    const chart = frame('');
    yAxis(chart, 'Pd');
    const words = [];
    first.forEach((group, index) => {
      const middle = CHART.left + step * (index + 0.5);
      chart.append(text(middle, yOf(0) + 14, group.label), text(middle, yOf(0) + 27, `n = ${group.targets}`));
      RUNS.forEach((run, number) => {
        const { targets, detected } = groups(number)[index];
        if (!targets) return;
        const pd = detected[k] / targets;
        const x = middle + (number - RUNS.length / 2) * barWidth;
        chart.append(svg('rect', {
          x: x + 1, y: yOf(pd), width: barWidth - 2, height: yOf(0) - yOf(pd), fill: runColor(number), rx: 2,
        }));
        if (barWidth > 18) chart.append(text(x + barWidth / 2, yOf(pd) - 3, pd.toFixed(2), { class: 'value' }));
        words.push(`${group.label}${RUNS.length > 1 ? ` ${run.name}` : ''}: ${detected[k]} of ${targets}`);
      });
    });
    chart.append(svg('line', { class: 'axis', x1: CHART.left, x2: CHART.width - CHART.right, y1: yOf(0), y2: yOf(0) }));
    chart.setAttribute('aria-label', `${name}, threshold ${thresholdText(k)}. ${words.join('; ')}`);
    place.replaceChildren(chart);
  };
}

function makeCharts() {
  const sweep = run => RUNS[run].sweep.default;
  const pixels = run => RUNS[run].totals.pixel;
  const ratio = (a, b) => (b ? a / b : null);
  const charts = [
    rateChart(byId('pd-fa'), {
      name: 'Pd over Fa', xLabel: 'Fa', yLabel: 'Pd',
      series: RUNS.map((_, run) => ({ x: sweep(run).Fa, y: sweep(run).Pd })),
      mark: (run, k) => [sweep(run).Fa[k], sweep(run).Pd[k]],
    }),
    rateChart(byId('roc'), {
      name: 'ROC', xLabel: 'false positive rate', yLabel: 'true positive rate',
      // Without the two ends, nothing and everything positive, which are no thresholds.
      series: RUNS.map(run => ({ x: run.roc.fpr.slice(1, -1), y: run.roc.tpr.slice(1, -1) })),
      mark: (run, k) => {
        const { tp, fp, fn, tn } = pixels(run);
        return [ratio(fp[k], fp[k] + tn[k]), ratio(tp[k], tp[k] + fn[k])];
      },
    }),
    groupChart(byId('by-size'), { name: 'Pd by target size', groups: run => RUNS[run].size }),
    groupChart(byId('by-scr'), { name: 'Pd by local signal-to-clutter ratio', groups: run => RUNS[run].scr }),
  ];
  byId('legend').replaceChildren(...RUNS.map((run, i) => el('span', {}, runSwatch(i), run.name)));
  return k => charts.forEach(update => update(k));
}
