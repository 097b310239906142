// The table of classes, of detectors that tell several apart: Pd, false targets, and what they are taken for.

function makeClasses(state) {
  const named = RUNS.filter(run => run.classes);
  byId('classes').hidden = !named.length;
  if (!named.length) return () => {};
  if (SEEDS > 1) byId('classes-mean').textContent = ' Means over the seeds.';
  // Runs may have been trained on other classes: each is held against its own.
  const classes = [...new Set(named.flatMap(run => run.classes.names))];

  const meanOver = (runs, valueOf) => {
    const values = runs.map(valueOf).filter(isNumber);
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  };
  const share = (part, whole) => (whole ? part / whole : null);

  // The cells of a class in a run: those of its row and of the false detections with its name.
  function figures({ names, AP50, counts }, name, k) {
    const label = names.indexOf(name);
    const row = counts[k][label];
    const targets = row.reduce((sum, count) => sum + count, 0);
    const found = targets - row[names.length];
    return [targets, AP50[label], share(found, targets), share(row[label], found), counts[k][names.length][label],
      ...classes.map(other => (names.includes(other) ? row[names.indexOf(other)] : null))];
  }

  const columns = [
    { heading: 'class' }, ...(GROUPS.length > 1 ? [{ heading: 'run' }] : []), { heading: 'targets', digits: 0 },
    { heading: 'AP50', digits: 4 }, { heading: 'Pd', digits: 4 }, { heading: 'right class', digits: 4 },
    { heading: 'false targets', digits: SEEDS > 1 ? 1 : 0 },
    ...classes.map(name => ({ heading: `as ${name}`, digits: SEEDS > 1 ? 1 : 0 })),
  ];
  const texts = GROUPS.length > 1 ? 2 : 1;
  function rows(k) {
    return classes.flatMap(name => GROUPS.flatMap((group, i) => {
      const runs = group.runs.map(number => RUNS[number].classes).filter(found => found && found.names.includes(name));
      if (!runs.length) return [];
      const cells = runs.map(run => figures(run, name, k));
      return [{ group: i, cells: [name, ...(texts > 1 ? [group.name] : []), ...cells[0].map((_, j) => meanOver(cells, row => row[j]))] }];
    }));
  }
  const table = () => ({
    title: `${DATA.title}: classes at threshold ${thresholdText(state.k)}`, columns, rows: rows(state.k).map(({ cells }) => cells),
    notes: SEEDS > 1 ? ['means over the seeds'] : [],
  });
  byId('classes-save').append(saveButtons(
    ['CSV', 'classes.csv', 'text/csv', () => csvTable(table()), 'Table of classes'],
    ['LaTeX', 'classes.tex', 'text/x-tex', () => latexTable(table()), 'Table of classes']));

  const body = el('tbody');
  byId('classes-table').append(el('thead', {}, el('tr', {}, columns.map(({ heading }, j) => el('th',
    { scope: 'col', class: j < texts ? 'left' : null }, heading)))), body);
  return k => body.replaceChildren(...rows(k).map(({ group, cells }) => el('tr', {},
    el('th', { scope: 'row', class: 'left' }, cells[0]),
    texts > 1 ? el('td', { class: 'left' }, groupSwatch(group), cells[1]) : [],
    cells.slice(texts).map((value, j) => el('td', {}, cellText(value, columns[texts + j]))))));
}
