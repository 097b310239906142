// Key figures, the table of measures, protocols, runs.

const COLUMNS = ['IoU', 'nIoU', 'pixAcc', 'precision', 'recall', 'F1', 'Pd', 'Fa_e6', 'AUC', 'target_precision', 'target_F1',
  'Pd_centroid', 'Fa_e6_centroid'];
const TITLES = {
  Fa_e6: 'Fa (1e-6)', target_precision: 'target precision', target_F1: 'target F1', Pd_centroid: 'Pd centroid',
  Fa_e6_centroid: 'Fa centroid (1e-6)',
};
const LESS_IS_BETTER = new Set(['Fa_e6', 'Fa_e6_centroid']);

function makeSummary() {
  const table = byId('measures');
  const shown = COLUMNS.filter(name => DATA.protocols.some(p => name in RUNS[0].own[p.name]));
  table.append(el('thead', {}, el('tr', {}, el('th', { class: 'left', scope: 'col' }, 'protocol'),
    RUNS.length > 1 ? el('th', { class: 'left', scope: 'col' }, 'run') : [],
    shown.map(name => el('th', { scope: 'col' }, TITLES[name] || name)))));
  const cells = [];
  const body = el('tbody');
  for (const protocol of DATA.protocols) {
    const rows = RUNS.map((run, i) => {
      const row = el('tr', { class: i ? null : 'first' }, i ? [] : el('th',
        { scope: 'rowgroup', class: 'left', rowspan: RUNS.length, title: protocol.description }, protocol.name));
      if (RUNS.length > 1) row.append(el('th', { scope: 'row' }, runSwatch(i), run.name));
      return row;
    });
    for (const measure of shown) {
      const group = RUNS.map((_, run) => {
        const cell = el('td');
        rows[run].append(cell);
        return cell;
      });
      if (measure in RUNS[0].own[protocol.name]) cells.push({ protocol: protocol.name, measure, group });
    }
    body.append(...rows);
  }
  table.append(body);

  const key = byId('key-figures');
  const figures = ['IoU', 'Pd', 'Fa_e6', 'F1'];
  const keyCells = RUNS.map((run, i) => {
    const values = figures.map(name => el('b'));
    key.append(el('span', { class: 'run' }, RUNS.length > 1 ? [runSwatch(i), run.name] : 'default'),
      ...figures.map((name, j) => el('span', {}, `${name === 'Fa_e6' ? 'Fa' : name} `, values[j], name === 'Fa_e6' ? 'e-6' : '')));
    return values;
  });

  return (k, own) => {
    for (const { protocol, measure, group } of cells) {
      const values = RUNS.map(run => (own ? run.own[protocol][measure] : run.sweep[protocol][measure][k]));
      const known = values.filter(isNumber);
      const best = LESS_IS_BETTER.has(measure) ? Math.min(...known) : Math.max(...known);
      group.forEach((cell, run) => {
        const value = values[run];
        cell.textContent = measureText(measure, value);
        cell.dataset.value = value;  // all digits, for those who copy or test
        cell.dataset.cell = `${protocol}/${measure}/${run}`;
        cell.classList.toggle('best', RUNS.length > 1 && value === best && known.some(v => v !== best));
      });
    }
    keyCells.forEach((values, run) => figures.forEach((name, j) => {
      const value = RUNS[run].sweep.default[name][k];
      values[j].textContent = isNumber(value) ? value.toFixed(name === 'Fa_e6' ? 1 : 3) : 'n/a';
    }));
  };
}

function describeProtocols() {
  byId('protocols').append(...DATA.protocols.flatMap(protocol => {
    const sizes = Object.entries(protocol.resolution).map(([set, size]) => `${set === '*' ? 'any other data set' : set}: ${size}`);
    return [
      el('dt', {}, `${protocol.name} (${protocol.source})`),
      el('dd', {}, protocol.description, sizes.length ? ` Official resolution: ${sizes.join(', ')}.` : '',
        protocol.defects.length ? el('ul', {}, protocol.defects.map(d => el('li', {}, d))) : ''),
    ];
  }));
}

function describeRuns() {
  const facts = [...new Set(RUNS.flatMap(run => Object.keys(run.facts)))];
  byId('runs').append(
    el('thead', {}, el('tr', {}, el('th', { class: 'left', scope: 'col' }, 'run'),
      facts.map(name => el('th', { class: 'left', scope: 'col' }, name.replaceAll('_', ' '))))),
    el('tbody', {}, RUNS.map((run, i) => el('tr', {}, el('th', { scope: 'row' }, runSwatch(i), run.name),
      facts.map(name => el('td', { class: 'left' }, run.facts[name] || ''))))));
  const targets = ITEMS.filter(item => item.kind === 'target').length;
  byId('subtitle').textContent = `${several(DATA.images.length, 'image')}, ${several(targets, 'target')}, ${several(RUNS.length, 'run')}`;
  byId('made').textContent = DATA.made;
  byId('notices').append(...RUNS.flatMap(run => run.notices.map(
    notice => el('p', { class: 'notice' }, `${run.name}: ${notice}`))));
}
