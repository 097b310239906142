// Files to download: tables as CSV and LaTeX, charts as SVG and CSV. Tables are what mmirstd/utils/result_table.py
// writes: {title, columns: [{heading, digits, better}], rows: [[text, number, [mean, std] or null]], notes}.

function download(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = el('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

// Buttons that write a file; make: () => its content.
function saveButtons(...files) {
  return el('span', { class: 'save' }, files.map(([label, name, type, make, what]) => el('button', {
    type: 'button', class: 'small', 'data-file': name, 'aria-label': `${what} as ${label}`, onclick: () => download(name, type, make()),
  }, `↓ ${label}`)));
}

const csvCell = value => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const csvText = rows => rows.map(row => row.map(csvCell).join(',')).join('\n') + '\n';

const meanOf = cell => (Array.isArray(cell) ? cell[0] : cell);
const stdOf = cell => (Array.isArray(cell) ? cell[1] : null);

function cellText(cell, column) {
  if (typeof cell === 'string') return cell;
  const [mean, std] = [meanOf(cell), stdOf(cell)];
  if (!isNumber(mean)) return '-';
  return mean.toFixed(column.digits) + (isNumber(std) ? ` ± ${std.toFixed(column.digits)}` : '');
}

// Whether each cell is the best of its column, among at least two; all that look equal to the best are.
function bestCells({ columns, rows }) {
  const marks = rows.map(() => columns.map(() => false));
  columns.forEach((column, index) => {
    const means = rows.map(row => meanOf(row[index])).map(mean => (isNumber(mean) ? mean : null));
    const known = means.filter(mean => mean !== null);
    if (!column.better || known.length < 2) return;
    const best = (column.better === 'higher' ? Math.max(...known) : Math.min(...known)).toFixed(column.digits);
    means.forEach((mean, row) => { marks[row][index] = mean !== null && mean.toFixed(column.digits) === best; });
  });
  return marks;
}

const LATEX = {
  '\\': '\\textbackslash{}', '±': '$\\pm$', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}', '<': '\\textless{}',
  '>': '\\textgreater{}', '|': '\\textbar{}',
};
const latexText = text => text.replace(/[\\±~^<>|&%$#_{}]/g, c => LATEX[c] || `\\${c}`);

function latexTable(table) {
  const { title, columns, rows, notes = [] } = table;
  const arrows = { higher: ' $\\uparrow$', lower: ' $\\downarrow$' };
  const best = bestCells(table);
  return [
    '% \\usepackage{booktabs}', ...notes.flatMap(note => note.split('\n')).map(line => `% ${line}`),
    '\\begin{table}', '\\centering', `\\caption{${latexText(title)}}`,
    `\\begin{tabular}{${columns.map(c => (c.digits === undefined ? 'l' : 'r')).join('')}}`, '\\toprule',
    `${columns.map(c => latexText(c.heading) + (arrows[c.better] || '')).join(' & ')} \\\\`, '\\midrule',
    ...rows.map((row, i) => `${row.map((cell, j) => {
      const text = latexText(cellText(cell, columns[j]));
      return best[i][j] ? `\\textbf{${text}}` : text;
    }).join(' & ')} \\\\`),
    '\\bottomrule', '\\end{tabular}', '\\end{table}',
  ].join('\n') + '\n';
}

// Numbers unrounded, with a column of standard deviations where there are some.
function csvTable({ columns, rows }) {
  const wide = columns.map((_, j) => rows.some(row => Array.isArray(row[j])));
  const head = columns.flatMap((c, j) => (wide[j] ? [c.heading, `${c.heading} std`] : [c.heading]));
  return csvText([head, ...rows.map(row => row.flatMap((cell, j) => (wide[j] ? [meanOf(cell), stdOf(cell)] : [cell])))]);
}

// A chart as a file of its own: colors resolved, no hover marks, a legend where there are several runs.
function svgText(chart, title) {
  const copy = chart.cloneNode(true);
  const from = [chart, ...chart.querySelectorAll('*')];
  const to = [copy, ...copy.querySelectorAll('*')];
  from.forEach((node, i) => {
    const style = getComputedStyle(node);
    for (const name of ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'fill-opacity', 'font-size', 'display']) {
      const value = style.getPropertyValue(name);
      if (value && (name !== 'display' || value === 'none')) to[i].setAttribute(name, value);
    }
    if (node.tagName === 'text') to[i].setAttribute('font-family', 'sans-serif');
    for (const name of ['class', 'style', 'tabindex', 'aria-describedby']) to[i].removeAttribute(name);
  });
  copy.querySelectorAll('[data-hover]').forEach(node => node.remove());
  const [, , width, plot] = chart.getAttribute('viewBox').split(' ').map(Number);
  const theme = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const legend = GROUPS.length > 1 ? 20 : 0;
  const height = plot + legend;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('viewBox', `0 0 ${width} ${height}`);
  copy.setAttribute('width', width);
  copy.setAttribute('height', height);
  copy.prepend(svg('title', {}, title), svg('rect', { width, height, fill: theme('--card') }));
  GROUPS.forEach((_, group) => {
    if (!legend) return;
    const x = CHART.left + group * (width - CHART.left) / GROUPS.length;
    copy.append(
      svg('line', { x1: x, x2: x + 22, y1: plot + 9, y2: plot + 9, stroke: theme(`--run${group}`), 'stroke-width': 3, 'stroke-dasharray': DASHES[group] }),
      svg('text', { x: x + 27, y: plot + 13, 'font-size': '11px', 'font-family': 'sans-serif', fill: theme('--text') }, groupTitle(group)));
  });
  return `${new XMLSerializer().serializeToString(copy)}\n`;
}
