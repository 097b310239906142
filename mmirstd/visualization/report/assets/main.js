// Put the parts together: one state, one function that follows a change of the threshold.

const state = {
  k: DATA.start, own: false, types: new Set(Object.keys(TYPES)), typeCounts: {}, judge: 'any', sort: 'type',
  descending: false, differ: false, query: '', image: null, seed: 0,
};

describeProtocols();
describeRuns();
describeAuc();
describeReliability();
const updateSummary = makeSummary(state);
const updateClasses = makeClasses(state);
const updateCharts = makeCharts();
const details = makeDetails(state, setThreshold);
const gallery = makeGallery(state, details.open);
const imageTable = makeImageTable(state, showImage);

const slider = byId('threshold');
slider.max = THRESHOLDS.length - 1;

function showThreshold() {
  slider.value = state.k;
  slider.setAttribute('aria-valuetext', thresholdText(state.k));
  byId('threshold-value').textContent = thresholdText(state.k);
  byId('threshold-logit').textContent = logitText(state.k);
  updateSummary(state.k, state.own);
  updateClasses(state.k);
  updateCharts(state.k);
  gallery.update();
  imageTable.update();
  details.update();
}

// Only the findings of an image, or all again; from the table of images.
function showImage(number) {
  state.image = number;
  byId('only-image').hidden = number === null;
  if (number !== null) {
    byId('only-image-name').textContent = DATA.images[number].name;
    byId('gallery').scrollIntoView({ block: 'start' });
    byId('gallery').focus({ preventScroll: true });
  }
  refilter();
}
byId('all-images').addEventListener('click', () => showImage(null));

// A slider can move faster than a screen shows: one update a frame.
let waiting = false;
function setThreshold(k) {
  state.k = k;
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; showThreshold(); });
}

slider.addEventListener('input', () => setThreshold(Number(slider.value)));
byId('threshold-reset').addEventListener('click', () => setThreshold(DATA.start));

for (const radio of document.querySelectorAll('input[name="mode"]')) {
  radio.addEventListener('change', () => { state.own = radio.value === 'own'; updateSummary(state.k, state.own); });
}

const refilter = () => gallery.update({ firstPage: true });
byId('types').append(...Object.entries(TYPES).map(([type, { icon, label }]) => {
  const box = el('input', { type: 'checkbox', checked: true, value: type });
  box.addEventListener('change', () => {
    if (box.checked) state.types.add(type); else state.types.delete(type);
    refilter();
  });
  state.typeCounts[type] = el('b');
  return el('label', {}, box, ` ${icon} ${label} `, state.typeCounts[type]);
}));
byId('judge').append(el('option', { value: 'any' }, 'any run'), ...GROUPS.map((group, i) => el('option', { value: i }, group.name)));
byId('judge').addEventListener('change', event => { state.judge = event.target.value; refilter(); });
byId('sort').addEventListener('change', event => { state.sort = event.target.value; refilter(); });
byId('direction').addEventListener('click', event => {
  state.descending = !state.descending;
  event.currentTarget.setAttribute('aria-pressed', state.descending);
  refilter();
});
byId('query').addEventListener('input', event => { state.query = event.target.value; refilter(); });
byId('differ').addEventListener('change', event => { state.differ = event.target.checked; refilter(); });
byId('seed').append(...Array.from({ length: SEEDS }, (_, i) => el('option', { value: i }, i + 1)));
byId('seed').addEventListener('change', event => { state.seed = Number(event.target.value); refilter(); });
byId('seed-label').hidden = SEEDS === 1;
for (const node of document.querySelectorAll(BOXES ? '[data-masks]' : '[data-boxes]')) node.hidden = true;
if (GROUPS.length === 1) byId('judge-label').hidden = byId('differ-label').hidden = true;
byId('cards').style.setProperty('--card-width', `${Math.min(3, GROUPS.length) * 190}px`);
byId('cards').style.setProperty('--card-width-phone', `${Math.min(2, GROUPS.length) * 160}px`);

// Light or dark as the system says, until the button is used.
const dark = matchMedia('(prefers-color-scheme: dark)');
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  byId('theme').textContent = name === 'dark' ? 'Light' : 'Dark';
  byId('theme').setAttribute('aria-label', name === 'dark' ? 'Use light colors' : 'Use dark colors');
}
const followSystem = () => setTheme(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', followSystem);
byId('theme').addEventListener('click', () => {
  dark.removeEventListener('change', followSystem);
  setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
});
followSystem();
showThreshold();
document.documentElement.dataset.ready = 'true';
