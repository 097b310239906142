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
const logitText = k => (BOXES ? '' : `logit ${Math.log(THRESHOLDS[k] / (1 - THRESHOLDS[k])).toFixed(2)}`);
const isNumber = value => typeof value === 'number';


// Measure -> heading, digits behind the point, and what is better.
const MEASURES = {
  IoU: ['IoU', 4, 'higher'], nIoU: ['nIoU', 4, 'higher'], pixAcc: ['pixAcc', 4, 'higher'],
  mAP50: ['mAP50', 4, 'higher'], mAP: ['mAP', 4, 'higher'], mAP75: ['mAP75', 4, 'higher'],
  precision: [BOXES ? 'precision (curve)' : 'precision', 4, 'higher'],
  recall: [BOXES ? 'recall (curve)' : 'recall', 4, 'higher'], F1: [BOXES ? 'F1 (curve)' : 'F1', 4, 'higher'],
  box_precision: ['precision at IoU .5', 4, 'higher'], box_recall: ['recall at IoU .5', 4, 'higher'],
  Pd: ['Pd', 4, 'higher'], Fa_e6: ['Fa (1e-6)', 2, 'lower'], false_per_frame: ['false a frame', 4, 'lower'],
  AUC: ['AUC', 4, 'higher'], target_precision: ['target precision', 4, 'higher'], target_F1: ['target F1', 4, 'higher'],
  Pd_centroid: ['Pd centroid', 4, 'higher'], Fa_e6_centroid: ['Fa centroid (1e-6)', 2, 'lower'],
};

const several = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;
const groupColor = group => `var(--run${group})`;
const DASHES = ['', '7 3', '2 3', '9 3 2 3', '12 4', '4 2 1 2'];  // groups differ by more than color

function groupSwatch(group) {
  return svg('svg', { class: 'swatch', viewBox: '0 0 26 10', 'aria-hidden': 'true' }, svg('line', {
    x1: 0, x2: 26, y1: 5, y2: 5, stroke: groupColor(group), 'stroke-width': 3, 'stroke-dasharray': DASHES[group],
  }));
}

// What a whole group is called where its seeds count.
const groupTitle = group => `${GROUPS[group].name}${GROUPS[group].runs.length > 1 ? ` (${GROUPS[group].runs.length} seeds)` : ''}`;
