// The table of images: what happened in each at the slider's threshold, to sort, filter and save.

const IMAGES_PER_PAGE = 25;

function makeImageTable(state, showImage) {
  const view = { key: 'number', group: 0, descending: false, query: '', show: 'all', page: 0 };
  const sequences = DATA.images.some(image => image.sequence);
  let rows = [];
  byId('images-mean').textContent = SEEDS > 1 ? '; means over the seeds' : '';
  if (GROUPS.length === 1) byId('images-show').querySelector('[value=differ]').remove();

  // The mean over a group's seeds; null where no seed has a value.
  function mean(group, valueOf) {
    const values = GROUPS[group].runs.map(valueOf).filter(value => !Number.isNaN(value));
    return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
  }

  const PARTS = [
    ['missed', 'missed', 0], ['false', 'false alarms', 0], ['iou', BOXES ? 'IoU of the found' : 'IoU', 4],
  ];
  function figures(image, group, k) {
    return {
      missed: image.targets - mean(group, run => image.runs[run].detected[k]),
      false: mean(group, run => image.runs[run].false[k]),
      iou: mean(group, run => image.runs[run].iou[k]),
    };
  }

  const COLUMNS = [
    { key: 'name', heading: 'image', left: true }, ...(sequences ? [{ key: 'sequence', heading: 'sequence', left: true }] : []),
    { key: 'targets', heading: 'targets' },
    ...GROUPS.flatMap((group, i) => PARTS.map(([key, heading, digits]) => ({ key, heading, digits, group: i }))),
  ];
  const count = value => (isNumber(value) ? String(+value.toFixed(2)) : '-');
  const shownAs = (column, value) => {
    if (column.left) return value;
    return column.digits ? (isNumber(value) ? value.toFixed(column.digits) : '-') : count(value);
  };
  const valueIn = (row, column) => (column.group === undefined ? row[column.key] : row.groups[column.group][column.key]);

  function select() {
    const query = view.query.trim().toLowerCase();
    rows = DATA.images.map((image, number) => ({
      number, name: image.name, sequence: image.sequence, targets: image.targets,
      groups: GROUPS.map((_, group) => figures(image, group, state.k)),
    })).filter(row => {
      if (query && !row.name.toLowerCase().includes(query)) return false;
      const missed = row.groups.some(g => g.missed > 0);
      const alarm = row.groups.some(g => g.false > 0);
      if (view.show === 'missed') return missed;
      if (view.show === 'false') return alarm;
      if (view.show === 'error') return missed || alarm;
      if (view.show === 'differ') return row.groups.some(g => g.missed !== row.groups[0].missed || g.false !== row.groups[0].false);
      return true;
    });
    const column = COLUMNS.find(c => c.key === view.key && (c.group ?? 0) === view.group);
    const sign = view.descending ? -1 : 1;
    rows.sort((a, b) => {
      const [x, y] = column ? [valueIn(a, column), valueIn(b, column)] : [a.number, b.number];
      if (x === null || y === null) return (x === null) - (y === null) || a.number - b.number;
      return sign * (typeof x === 'string' ? x.localeCompare(y, 'en', { numeric: true }) : x - y) || a.number - b.number;
    });
  }

  // As a file: all rows that the filter lets through, in this order.
  function table() {
    const several = GROUPS.length > 1;
    return {
      title: `${DATA.title}: images at threshold ${thresholdText(state.k)}`,
      columns: COLUMNS.map(c => ({
        heading: c.group !== undefined && several ? `${GROUPS[c.group].name}: ${c.heading}` : c.heading,
        digits: c.left ? undefined : c.digits || (c.group !== undefined && SEEDS > 1 ? 2 : 0),
      })),
      rows: rows.map(row => COLUMNS.map(c => valueIn(row, c))),
    };
  }

  const head = el('tr');
  const top = el('tr', {}, COLUMNS.filter(c => c.group === undefined).map(() => el('td')),
    GROUPS.map((_, i) => el('th', { colspan: PARTS.length, scope: 'colgroup' }, groupSwatch(i), groupTitle(i))));
  for (const column of COLUMNS) {
    const button = el('button', { type: 'button', class: 'sort', onclick: () => {
      const same = view.key === column.key && view.group === (column.group ?? 0);
      // Errors are looked for where there are many, IoU where it is low.
      view.descending = same ? !view.descending : !column.left && column.key !== 'iou';
      view.key = column.key;
      view.group = column.group ?? 0;
      view.page = 0;
      update();
    } }, column.heading, el('span', { 'aria-hidden': 'true' }));
    column.head = el('th', { scope: 'col', class: column.left ? 'left' : null }, button);
    head.append(column.head);
  }
  const body = el('tbody');
  byId('images-table').append(el('thead', {}, GROUPS.length > 1 ? top : [], head), body);
  byId('images-save').append(saveButtons(
    ['CSV', 'images.csv', 'text/csv', () => csvTable(table()), 'Table of images'],
    ['LaTeX', 'images.tex', 'text/x-tex', () => latexTable(table()), 'Table of images']));

  function update() {
    select();
    const pages = Math.max(1, Math.ceil(rows.length / IMAGES_PER_PAGE));
    view.page = Math.min(view.page, pages - 1);
    for (const column of COLUMNS) {
      const sorted = view.key === column.key && view.group === (column.group ?? 0);
      column.head.setAttribute('aria-sort', sorted ? (view.descending ? 'descending' : 'ascending') : 'none');
      column.head.querySelector('span').textContent = sorted ? (view.descending ? ' ▼' : ' ▲') : '';
    }
    const start = view.page * IMAGES_PER_PAGE;
    body.replaceChildren(...rows.slice(start, start + IMAGES_PER_PAGE).map(row => el('tr', { 'data-image': row.number }, COLUMNS.map(column => {
      const value = valueIn(row, column);
      if (column.key === 'name') {
        return el('th', { scope: 'row' }, el('button', {
          type: 'button', class: 'link', title: 'its findings', onclick: () => showImage(row.number),
        }, value));
      }
      const bad = (column.key === 'missed' || column.key === 'false') && value > 0;
      return el('td', { class: [column.left ? 'left' : '', bad ? column.key : ''].join(' ').trim() || null }, shownAs(column, value));
    }))));
    byId('images-status').textContent = `${rows.length} of ${several(DATA.images.length, 'image')}.`;
    byId('images-page').textContent = `Page ${view.page + 1} of ${pages}`;
    byId('images-previous').disabled = view.page === 0;
    byId('images-next').disabled = view.page >= pages - 1;
  }

  byId('images-query').addEventListener('input', event => { view.query = event.target.value; view.page = 0; update(); });
  byId('images-show').addEventListener('change', event => { view.show = event.target.value; view.page = 0; update(); });
  byId('images-previous').addEventListener('click', () => { view.page--; update(); });
  byId('images-next').addEventListener('click', () => { view.page++; update(); });
  return { update };
}
