// Text and elements.

// An element with attributes and children; text is never parsed as HTML.
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat());
  return node;
}

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const byId = id => document.getElementById(id);
const thresholdText = k => String(+THRESHOLDS[k].toFixed(3)).padEnd(4, '0');
const isNumber = value => typeof value === 'number';

function measureText(name, value) {
  if (!isNumber(value)) return 'n/a';
  return name.startsWith('Fa_e6') ? value.toFixed(2) : value.toFixed(4);
}

const several = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;
const runColor = run => `var(--run${run})`;
const DASHES = ['', '7 3', '2 3', '9 3 2 3', '12 4', '4 2 1 2'];  // runs differ by more than color

function runSwatch(run) {
  return svg('svg', { class: 'swatch', viewBox: '0 0 26 10', 'aria-hidden': 'true' }, svg('line', {
    x1: 0, x2: 26, y1: 5, y2: 5, stroke: runColor(run), 'stroke-width': 3, 'stroke-dasharray': DASHES[run],
  }));
}
