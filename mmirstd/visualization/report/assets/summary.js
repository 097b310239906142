// Key figures, the table of measures, protocols, runs, what an AUC is made of.

const KEY_FIGURES = BOXES ? ['mAP50', 'Pd', 'Fa_e6', 'target_F1'] : ['IoU', 'Pd', 'Fa_e6', 'F1'];
const KEY_NAMES = { Fa_e6: 'Fa', target_F1: 'F1' };
const ORDER = BOXES ? [...KEY_FIGURES, ...Object.keys(MEASURES).filter(name => !KEY_FIGURES.includes(name))] : Object.keys(MEASURES);
const SHOWN = ORDER.filter(name => DATA.protocols.some(p => name in GROUPS[0].own[p.name]));
// The position of the threshold that the default protocol has of its own, -1 if it is none of the slider's.
const OWN = THRESHOLDS.indexOf(BOXES ? Number(RUNS[0].facts.score_threshold) : 0.5);

// [mean, standard deviation or null] of a group.
function figureOf(group, protocol, measure, k, own) {
  if (own) return GROUPS[group].own[protocol][measure];
  const { mean, std } = GROUPS[group].sweep[protocol][measure];
  return [mean[k], std && std[k]];
}

function intervalOf(group, protocol, measure, k, own) {
  const found = protocol === 'default' ? GROUPS[group].intervals[measure] : undefined;
  const at = own ? OWN : k;
  return found && at >= 0 && isNumber(found.low[at]) ? [found.low[at], found.high[at]] : null;
}

function sizeNote({ size }) {
  if (!size) return [];
  if (size.same === null) return el('span', { class: 'size' }, `computed at ${size.computed}; official size not known`);
  if (size.same) return el('span', { class: 'size' }, `computed at its official size, ${size.computed}`);
  return el('span', { class: 'size other', title: 'Compare with published figures only at the official size.' },
    `⚠ computed at ${size.computed}; official: ${size.official}`);
}

// Tables for files, one of each protocol: what is shown, at the slider's threshold or at the protocol's own.
function measureTables(k, own) {
  return DATA.protocols.map(protocol => {
    const names = SHOWN.filter(name => name in GROUPS[0].own[protocol.name]);
    const at = own ? 'at its own threshold' : `at threshold ${thresholdText(k)}`;
    const { size } = protocol;
    return {
      title: `${DATA.title}: protocol ${protocol.name}, ${at}`,
      columns: [{ heading: 'run' }, ...names.map(name => ({ heading: MEASURES[name][0], digits: MEASURES[name][1], better: MEASURES[name][2] }))],
      rows: GROUPS.map((group, i) => [group.name, ...names.map(name => figureOf(i, protocol.name, name, k, own))]),
      notes: [size ? `computed at ${size.computed}; official size: ${size.official || 'not known'}` : protocol.description,
        ...(SEEDS > 1 ? ['mean ± standard deviation over the seeds'] : [])],
    };
  });
}

function measureCsv(k, own) {
  const head = ['protocol', 'computed at', 'official size', 'run', 'seeds', 'threshold'];
  const columns = SHOWN.flatMap(name => [MEASURES[name][0], `${MEASURES[name][0]} std`, `${MEASURES[name][0]} low`, `${MEASURES[name][0]} high`]);
  const rows = DATA.protocols.flatMap(protocol => GROUPS.map((group, i) => [
    protocol.name, protocol.size?.computed ?? '', protocol.size?.official ?? '', group.name, group.runs.length, own ? 'own' : THRESHOLDS[k],
    ...SHOWN.flatMap(name => (name in group.own[protocol.name]
      ? [...figureOf(i, protocol.name, name, k, own), ...(intervalOf(i, protocol.name, name, k, own) || ['', ''])] : ['', '', '', ''])),
  ]));
  return csvText([[...head, ...columns], ...rows]);
}

function makeSummary(state) {
  const table = byId('measures');
  table.append(el('thead', {}, el('tr', {}, el('th', { class: 'left', scope: 'col' }, 'protocol'),
    GROUPS.length > 1 ? el('th', { class: 'left', scope: 'col' }, 'run') : [],
    SHOWN.map(name => el('th', { scope: 'col', class: MEASURES[name][0].length > 10 ? 'long' : null }, MEASURES[name][0])))));
  const cells = [];
  const body = el('tbody');
  for (const protocol of DATA.protocols) {
    const rows = GROUPS.map((_, i) => {
      const row = el('tr', { class: i ? null : 'first' }, i ? [] : el('th',
        { scope: 'rowgroup', class: 'left protocol', rowspan: GROUPS.length, title: protocol.description }, protocol.name, sizeNote(protocol)));
      if (GROUPS.length > 1) row.append(el('th', { scope: 'row' }, groupSwatch(i), groupTitle(i)));
      return row;
    });
    for (const measure of SHOWN) {
      const group = GROUPS.map((_, i) => {
        const value = el('span');
        const range = el('small');
        const cell = el('td', {}, value, range);
        rows[i].append(cell);
        return { cell, value, range };
      });
      if (measure in GROUPS[0].own[protocol.name]) cells.push({ protocol: protocol.name, measure, group });
    }
    body.append(...rows);
  }
  table.append(body);
  byId('measures-save').append(saveButtons(
    ['CSV', 'measures.csv', 'text/csv', () => measureCsv(state.k, state.own), 'Table of measures'],
    ['LaTeX', 'measures.tex', 'text/x-tex', () => measureTables(state.k, state.own).map(latexTable).join('\n'), 'Table of measures']));
  const { units, count, level, resamples } = DATA.draws;
  byId('interval-note').textContent = `In brackets: ${Math.round(100 * level)} % interval of the default protocol over ${resamples} `
    + `bootstrap resamples of the ${count} ${units}${count < 10 ? ', too few for more than a rough idea' : ''}. It tells how far the choice of `
    + `${units} decides, not how another training would have ended.${SEEDS > 1 ? ' ±: standard deviation over the seeds.' : ''}`;

  const key = byId('key-figures');
  const keyCells = GROUPS.map((group, i) => {
    const values = KEY_FIGURES.map(() => el('b'));
    key.append(el('span', { class: 'run' }, GROUPS.length > 1 ? [groupSwatch(i), group.name] : 'default'),
      ...KEY_FIGURES.map((name, j) => el('span', {}, `${KEY_NAMES[name] || name} `, values[j], name === 'Fa_e6' ? 'e-6' : '')));
    return values;
  });

  return (k, own) => {
    for (const { protocol, measure, group } of cells) {
      const [, digits, better] = MEASURES[measure];
      const values = GROUPS.map((_, i) => figureOf(i, protocol, measure, k, own));
      const best = bestCells({ columns: [{ digits, better }], rows: values.map(value => [value]) });
      group.forEach(({ cell, value, range }, i) => {
        const [mean, std] = values[i];
        const interval = intervalOf(i, protocol, measure, k, own);
        value.textContent = isNumber(mean) ? cellText(values[i], { digits }) : 'n/a';
        // Shorter than the figure itself: an interval is never known to so many digits.
        range.textContent = interval ? `[${interval.map(v => v.toFixed(Math.max(1, digits - 1))).join(', ')}]` : '';
        cell.dataset.value = mean;  // all digits, for those who copy or test
        cell.dataset.std = std;
        cell.dataset.interval = interval ? interval.join(' ') : '';
        cell.dataset.cell = `${protocol}/${measure}/${i}`;
        value.classList.toggle('best', best[i][0]);
      });
    }
    keyCells.forEach((values, i) => KEY_FIGURES.forEach((name, j) => {
      const [value] = figureOf(i, 'default', name, k, false);
      values[j].textContent = isNumber(value) ? value.toFixed(name === 'Fa_e6' ? 1 : 3) : 'n/a';
    }));
  };
}

function describeProtocols() {
  byId('protocols').append(...DATA.protocols.flatMap(protocol => {
    const sizes = Object.entries(protocol.resolution).map(([set, size]) => `${set === '*' ? 'any other data set' : set}: ${size}`);
    return [
      el('dt', {}, protocol.name + (protocol.source ? ` (${protocol.source})` : '')),
      el('dd', {}, protocol.description, sizes.length ? ` Official resolution: ${sizes.join(', ')}.` : '',
        protocol.defects.length ? el('ul', {}, protocol.defects.map(d => el('li', {}, d))) : ''),
    ];
  }));
}

function runTable() {
  const facts = [...new Set(RUNS.flatMap(run => Object.keys(run.facts)))];
  return {
    title: `${DATA.title}: runs`,
    columns: ['run', ...(SEEDS > 1 ? ['group'] : []), ...facts.map(name => name.replaceAll('_', ' '))].map(heading => ({ heading })),
    rows: RUNS.map((run, i) => [run.name, ...(SEEDS > 1 ? [GROUPS.find(g => g.runs.includes(i)).name] : []), ...facts.map(name => run.facts[name] || '')]),
  };
}

function describeRuns() {
  const { columns, rows } = runTable();
  byId('runs').append(
    el('thead', {}, el('tr', {}, columns.map(({ heading }) => el('th', { class: 'left', scope: 'col' }, heading)))),
    el('tbody', {}, rows.map((row, i) => el('tr', {},
      el('th', { scope: 'row' }, groupSwatch(GROUPS.findIndex(g => g.runs.includes(i))), row[0]),
      row.slice(1).map(value => el('td', { class: 'left' }, value))))));
  byId('runs-save').append(saveButtons(
    ['CSV', 'runs.csv', 'text/csv', () => csvTable(runTable()), 'Table of runs'],
    ['LaTeX', 'runs.tex', 'text/x-tex', () => latexTable(runTable()), 'Table of runs']));
  const targets = DATA.images.reduce((sum, image) => sum + image.targets, 0);
  byId('subtitle').textContent = `${several(DATA.images.length, BOXES ? 'frame' : 'image')}, ${several(targets, 'target')}, `
    + `${several(RUNS.length, 'run')}${SEEDS > 1 ? ` in ${several(GROUPS.length, 'group')}` : ''}`;
  byId('made').textContent = DATA.made;
  byId('notices').append(...RUNS.flatMap(run => run.notices.map(
    notice => el('p', { class: 'notice' }, `${run.name}: ${notice}`))));
}

function describeReliability() {
  const [pixels, found] = ['reliability-pixel', 'reliability-target'].map(id => DATA.charts.find(chart => chart.id === id));
  const columns = [
    ...(pixels ? [['ECE by pixel', i => pixels.series[i].ece], ['NLL by pixel', i => pixels.series[i].nll],
      ['Brier by pixel', i => pixels.series[i].brier]] : []),
    ['ECE by target', i => found.series[i].ece],
    ['found above 0.1', i => found.series[i].counts.reduce((sum, n) => sum + n, 0)],
  ];
  byId('reliability-table').append(
    el('thead', {}, el('tr', {}, el('th', { class: 'left', scope: 'col' }, 'run'), columns.map(([title]) => el('th', { scope: 'col' }, title)))),
    el('tbody', {}, GROUPS.map((_, i) => el('tr', {}, el('th', { scope: 'row' }, groupTitle(i)),
      columns.map(([title, value]) => el('td', {}, title.startsWith('found') ? value(i).toLocaleString('en')
        : isNumber(value(i)) ? shortNumber(value(i)) : 'n/a'))))));
}

function describeAuc() {
  const known = RUNS.filter(run => run.auc);
  byId('auc').hidden = !known.length;
  if (!known.length) return;
  byId('auc-table').append(
    el('thead', {}, el('tr', {}, el('th', { class: 'left', scope: 'col' }, 'run'), ['IoU', 'AUC', `target pixels found at ${known[0].auc.rate} false positives`,
      'target pixels at 1e-6 or less', 'AUC lost by these'].map(title => el('th', { scope: 'col' }, title)))),
    el('tbody', {}, known.map(run => el('tr', {}, el('th', { scope: 'row' }, run.name),
      [run.own.default.IoU, run.auc.auc, run.auc.useful, run.auc.lowest, run.auc.tail].map(value => el('td', {}, value.toFixed(4)))))));
}
