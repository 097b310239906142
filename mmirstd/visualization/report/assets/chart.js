// Line and bar charts as SVG, with values at the pointer and at the keyboard's. Sizes are in the units of the view box.

const CHART = { width: 440, height: 290, left: 46, right: 14, top: 14, bottom: 38 };
const PLOT = { width: CHART.width - CHART.left - CHART.right, height: CHART.height - CHART.top - CHART.bottom };

function text(x, y, content, attributes = {}) {
  return svg('text', { x, y, 'text-anchor': 'middle', ...attributes }, content);
}

const yOf = value => CHART.height - CHART.bottom - Math.min(1, Math.max(0, value)) * PLOT.height;

function yAxis(chart, label) {
  for (let tick = 0; tick <= 5; tick++) {
    const y = yOf(tick / 5);
    chart.append(svg('line', { class: 'grid', x1: CHART.left, x2: CHART.left + PLOT.width, y1: y, y2: y }),
      text(CHART.left - 6, y + 4, (tick / 5).toFixed(1), { 'text-anchor': 'end' }));
  }
  const middle = CHART.top + PLOT.height / 2;
  chart.append(text(12, middle, label, { transform: `rotate(-90 12 ${middle})` }));
}

// What is below a logarithmic axis is drawn at its left end.
function xAxis(chart, spec) {
  const foot = yOf(0);
  chart.append(text(CHART.left + PLOT.width / 2, CHART.height - 4, spec.xLabel));
  const tickAt = (x, label) => chart.append(
    svg('line', { class: 'grid', x1: x, x2: x, y1: CHART.top, y2: foot }), text(x, foot + 15, label));
  if (!spec.log) {
    const xOf = value => CHART.left + PLOT.width * Math.min(1, Math.max(0, value));
    for (let tick = 0; tick <= 5; tick++) tickAt(xOf(tick / 5), (tick / 5).toFixed(1));
    return xOf;
  }
  const positive = spec.series.flatMap(s => s.x).filter(v => v > 0);
  const lowest = Math.max(1e-9, Math.min(1, ...positive));
  const from = Math.min(-1, Math.floor(Math.log10(lowest)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(lowest, ...positive))));
  const xOf = value => CHART.left
    + PLOT.width * Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-12)) - from) / (to - from)));
  const every = Math.ceil((to - from) / 7);
  for (let decade = from; decade <= to; decade += every) {
    tickAt(xOf(10 ** decade), decade === 0 ? '1' : decade === 1 ? '10' : `1e${decade}`);
  }
  return xOf;
}

const shortNumber = value => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toFixed(4));
const rangeText = (low, high) => (isNumber(low) && isNumber(high) ? ` [${shortNumber(low)}, ${shortNumber(high)}]` : '');

// The frame of every chart: the drawing, a box with values, buttons.
//   points(): [{x, y, lines: [text], group}] in units of the view box, for the pointer and the keyboard
function chartFrame(place, spec, points, csv) {
  const chart = svg('svg', { viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: 'img', tabindex: 0 });
  const ring = svg('circle', { r: 7, class: 'ring', 'data-hover': '', display: 'none' });
  const values = el('div', { class: 'values', role: 'status', hidden: true });
  const box = el('div', { class: 'chart' }, chart, values);
  const name = `${spec.id}-${DATA.kind}`;
  place.replaceChildren(
    el('div', { class: 'chart-head' }, el('figcaption', {}, spec.title), saveButtons(
      ['SVG', `${name}.svg`, 'image/svg+xml', () => svgText(chart, spec.title), spec.title],
      ['CSV', `${name}.csv`, 'text/csv', csv, spec.title])),
    box);
  let at = -1;

  function hide() {
    at = -1;
    values.hidden = true;
    ring.setAttribute('display', 'none');
  }
  function show(index) {
    const all = points();
    if (!all.length) { hide(); return; }
    at = Math.min(all.length - 1, Math.max(0, index));
    const { x, y, lines } = all[at];
    ring.setAttribute('cx', x);
    ring.setAttribute('cy', y);
    ring.removeAttribute('display');
    chart.append(ring);
    values.replaceChildren(...lines.map((line, i) => el(i ? 'span' : 'b', {}, line)));
    values.hidden = false;
    const width = box.clientWidth;
    const scale = chart.clientWidth / CHART.width;
    values.style.left = `${Math.min(Math.max(0, x * scale + 12), Math.max(0, width - values.offsetWidth))}px`;
    const above = y * scale - values.offsetHeight - 12;
    values.style.top = `${above > 0 ? above : y * scale + 12}px`;
  }
  function nearest(event) {
    const area = chart.getBoundingClientRect();
    const scale = area.width / CHART.width;
    const [px, py] = [(event.clientX - area.left) / scale, (event.clientY - area.top) / scale];
    let best = -1;
    let least = Infinity;
    points().forEach(({ x, y }, index) => {
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < least) { least = distance; best = index; }
    });
    return best;
  }
  chart.addEventListener('pointermove', event => show(nearest(event)));
  chart.addEventListener('pointerdown', event => show(nearest(event)));
  chart.addEventListener('pointerleave', event => { if (event.pointerType === 'mouse') hide(); });
  chart.addEventListener('blur', hide);
  chart.addEventListener('keydown', event => {
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    if (event.key in steps) show(at < 0 ? 0 : at + steps[event.key]);
    else if (event.key === 'Escape') hide();
    else return;
    event.preventDefault();
  });
  return { chart, hide };
}

// Curves: of each group {x, y, low, high, thresholds, marks: {x, y}, raw}.
function lineChart(place, spec) {
  const places = [];  // for the pointer
  const { chart } = chartFrame(place, spec, () => places, () => csvText([
    ['run', 'curve', 'threshold', 'logit', spec.xLabel, spec.yLabel, 'low', 'high'],
    ...spec.series.flatMap((series, group) => [
      ...series.x.map((x, i) => [GROUPS[group].name, series.raw ? 'interpolated' : 'measured', series.thresholds?.[i] ?? '',
        series.logits?.[i] ?? '', x,
        series.y[i], series.low?.[i] ?? '', series.high?.[i] ?? '']),
      ...(series.raw || []).flatMap((raw, seed) => raw.x.map((x, i) => [
        GROUPS[group].name, series.raw.length > 1 ? `raw, seed ${seed + 1}` : 'raw', raw.thresholds[i], '', x, raw.y[i], '', ''])),
    ]),
  ]));
  yAxis(chart, spec.yLabel);
  const xOf = xAxis(chart, spec);
  const path = points => points.map(([a, b]) => `${xOf(a).toFixed(1)},${yOf(b).toFixed(1)}`).join(' ');
  spec.series.forEach(({ x, low, high }, group) => {
    if (!low) return;
    const known = x.map((v, i) => [v, low[i], high[i]]).filter(row => row.every(isNumber));
    chart.append(svg('polygon', {
      class: 'band', points: path([...known.map(([v, , top]) => [v, top]), ...known.map(([v, bottom]) => [v, bottom]).reverse()]),
      fill: groupColor(group),
    }));
  });
  const marks = spec.series.map(({ x, y, low, high, thresholds, logits, raw }, group) => {
    // Where nothing is positive there is no point either: a line from it would show rates that no threshold has.
    const kept = x.map((v, i) => i).filter(i => isNumber(x[i]) && isNumber(y[i]) && (x[i] > 0 || y[i] > 0));
    chart.append(svg('polyline', {
      points: path(kept.map(i => [x[i], y[i]])), fill: 'none', stroke: groupColor(group), 'stroke-width': 2,
      'stroke-dasharray': DASHES[group], 'stroke-linejoin': 'round',
    }));
    const title = groupTitle(group);
    for (const i of kept) {
      places.push({
        x: xOf(x[i]), y: yOf(y[i]),
        lines: [title, `${spec.yLabel} ${shortNumber(y[i])}${rangeText(low?.[i], high?.[i])}`, `${spec.xLabel} ${shortNumber(x[i])}`,
          thresholds ? `threshold ${+thresholds[i].toPrecision(4)}${logits ? ` (logit ${+logits[i].toPrecision(4)})` : ''}` : 'interpolated'],
      });
    }
    for (const [seed, one] of (raw || []).entries()) {
      one.x.forEach((v, i) => {
        if (!isNumber(v) || !isNumber(one.y[i])) return;
        chart.append(svg('circle', { cx: xOf(v).toFixed(1), cy: yOf(one.y[i]).toFixed(1), r: 1.6, fill: groupColor(group), class: 'raw' }));
        places.push({
          x: xOf(v), y: yOf(one.y[i]), lines: [raw.length > 1 ? `${GROUPS[group].name}, seed ${seed + 1}` : title,
            `${spec.yLabel} ${shortNumber(one.y[i])}`, `${spec.xLabel} ${shortNumber(v)}`, `score ${shortNumber(one.thresholds[i])} and more`],
        });
      });
    }
    const dot = svg('circle', { r: 5, fill: groupColor(group), class: 'dot' });
    chart.append(dot);
    return dot;
  });

  return k => {
    const words = marks.map((dot, group) => {
      const [x, y] = [spec.series[group].marks.x[k], spec.series[group].marks.y[k]];
      const known = isNumber(x) && isNumber(y);
      dot.style.display = known ? '' : 'none';
      if (!known) return `${GROUPS[group].name}: not defined`;
      dot.setAttribute('cx', xOf(x));
      dot.setAttribute('cy', yOf(y));
      return `${GROUPS[group].name}: ${spec.yLabel} ${y.toFixed(4)} at ${spec.xLabel} ${x.toExponential(2)}`;
    });
    chart.setAttribute('aria-label', `${spec.title}, threshold ${thresholdText(k)}. ${words.join('; ')}`);
  };
}

// What is claimed against what is true: of each group {x, y, counts, ece}, points of the bins that are not empty.
function reliabilityChart(place, spec) {
  const places = [];
  const { chart } = chartFrame(place, spec, () => places, () => csvText([
    ['run', spec.xLabel, spec.yLabel, spec.unit, 'ECE'],
    ...spec.series.flatMap((series, group) => series.x.map((x, i) => [
      GROUPS[group].name, x, series.y[i], series.counts[i], series.ece ?? ''])),
  ]));
  yAxis(chart, spec.yLabel);
  const xOf = xAxis(chart, spec);
  chart.append(svg('line', { class: 'diagonal', x1: xOf(0), y1: yOf(0), x2: xOf(1), y2: yOf(1) }));
  spec.series.forEach(({ x, y, counts }, group) => {
    chart.append(svg('polyline', {
      points: x.map((v, i) => `${xOf(v).toFixed(1)},${yOf(y[i]).toFixed(1)}`).join(' '), fill: 'none', stroke: groupColor(group),
      'stroke-width': 2, 'stroke-dasharray': DASHES[group], 'stroke-linejoin': 'round',
    }));
    const most = Math.log10(1 + Math.max(...counts, 1));
    x.forEach((v, i) => {
      // A large dot is a bin that holds much.
      const r = 2 + 4 * Math.log10(1 + counts[i]) / most;
      chart.append(svg('circle', { cx: xOf(v).toFixed(1), cy: yOf(y[i]).toFixed(1), r: r.toFixed(1), fill: groupColor(group) }));
      places.push({
        x: xOf(v), y: yOf(y[i]), lines: [groupTitle(group), `${spec.xLabel} ${shortNumber(v)}`, `${spec.yLabel} ${shortNumber(y[i])}`,
          `${counts[i].toLocaleString('en')} ${spec.unit}`],
      });
    });
  });
  chart.setAttribute('aria-label', `${spec.title}. ${spec.series.map(
    ({ ece }, group) => `${GROUPS[group].name}: ${isNumber(ece) ? `ECE ${shortNumber(ece)}` : 'nothing found'}`).join('; ')}`);
  return () => {};  // the same at every threshold
}

// Pd of bins of targets, one bar a group, redrawn for each threshold: {pd, low, high, detected}[bin][k].
function barChart(place, spec) {
  const step = PLOT.width / spec.bins.length;
  const barWidth = Math.min(40, step * 0.8 / GROUPS.length);
  let now = 0;
  let places = [];
  const { chart, hide } = chartFrame(place, spec, () => places, () => csvText([
    ['run', 'bin', 'targets', 'threshold', 'detected', 'Pd', 'low', 'high'],
    ...spec.series.flatMap((series, group) => spec.bins.flatMap((bin, b) => THRESHOLDS.map((threshold, k) => [
      GROUPS[group].name, bin.label, bin.targets, threshold, series.detected[b][k], series.pd[b][k], series.low[b][k], series.high[b][k]]))),
  ]));

  return k => {
    now = k;
    hide();
    places = [];
    chart.replaceChildren();
    yAxis(chart, 'Pd');
    const words = [];
    spec.bins.forEach((bin, b) => {
      const middle = CHART.left + step * (b + 0.5);
      chart.append(text(middle, yOf(0) + 14, bin.label), text(middle, yOf(0) + 27, `n = ${bin.targets}`));
      if (!bin.targets) return;
      spec.series.forEach((series, group) => {
        const [pd, low, high] = [series.pd[b][now], series.low[b][now], series.high[b][now]];
        const x = middle + (group - GROUPS.length / 2) * barWidth;
        chart.append(svg('rect', {
          x: x + 1, y: yOf(pd), width: barWidth - 2, height: yOf(0) - yOf(pd), fill: groupColor(group), rx: 2,
        }));
        const center = x + barWidth / 2;
        if (isNumber(low) && isNumber(high) && high > low) {
          chart.append(svg('path', {
            class: 'whisker', d: `M${center} ${yOf(low)}V${yOf(high)}M${center - 4} ${yOf(low)}h8M${center - 4} ${yOf(high)}h8`,
          }));
        }
        if (barWidth > 30) chart.append(text(center - barWidth / 4, yOf(pd) - 3, pd.toFixed(2), { class: 'value' }));
        const found = `${+series.detected[b][now].toFixed(2)} of ${bin.targets}`;
        places.push({
          x: center, y: yOf(pd), lines: [groupTitle(group), `${bin.label}: Pd ${pd.toFixed(4)}${rangeText(low, high)}`, `${found} found`],
        });
        words.push(`${bin.label}${GROUPS.length > 1 ? ` ${GROUPS[group].name}` : ''}: ${found}`);
      });
    });
    chart.append(svg('line', { class: 'axis', x1: CHART.left, x2: CHART.left + PLOT.width, y1: yOf(0), y2: yOf(0) }));
    chart.setAttribute('aria-label', `${spec.title}, threshold ${thresholdText(k)}. ${words.join('; ')}`);
  };
}

function makeCharts() {
  const charts = DATA.charts.map(spec => {
    const figure = el('figure', { id: `chart-${spec.id}` });
    byId('charts').append(figure);
    const draw = { lines: lineChart, bars: barChart, reliability: reliabilityChart }[spec.kind];
    return draw(figure, spec);
  });
  byId('legend').replaceChildren(...GROUPS.map((_, i) => el('span', {}, groupSwatch(i), groupTitle(i))));
  const { units, count, level } = DATA.draws;
  const interval = `the ${Math.round(100 * level)} % interval over resamples of the ${count} ${units}`;
  byId('band-note').textContent = SEEDS > 1
    ? `Bands and whiskers: mean ± standard deviation over the seeds; of a single run ${interval}.` : `Bands and whiskers: ${interval}.`;
  return k => charts.forEach(update => update(k));
}
