// Put the parts together: one state, one function that follows a change of the threshold.

const state = {
  k: DATA.start, own: false, types: new Set(Object.keys(TYPES)), typeCounts: {}, judge: 'any', sort: 'type',
  descending: false, differ: false, query: '',
};

describeProtocols();
describeRuns();
const updateSummary = makeSummary();
const updateCharts = makeCharts();
const details = makeDetails(state, setThreshold);
const gallery = makeGallery(state, details.open);

const slider = byId('threshold');
slider.max = THRESHOLDS.length - 1;

function showThreshold() {
  slider.value = state.k;
  slider.setAttribute('aria-valuetext', thresholdText(state.k));
  byId('threshold-value').textContent = thresholdText(state.k);
  updateSummary(state.k, state.own);
  updateCharts(state.k);
  gallery.update();
  details.update();
}

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
byId('judge').append(el('option', { value: 'any' }, 'any run'), ...RUNS.map((run, i) => el('option', { value: i }, run.name)));
byId('judge').addEventListener('change', event => { state.judge = event.target.value; refilter(); });
byId('sort').addEventListener('change', event => { state.sort = event.target.value; refilter(); });
byId('direction').addEventListener('click', event => {
  state.descending = !state.descending;
  event.currentTarget.setAttribute('aria-pressed', state.descending);
  refilter();
});
byId('query').addEventListener('input', event => { state.query = event.target.value; refilter(); });
byId('differ').addEventListener('change', event => { state.differ = event.target.checked; refilter(); });
if (RUNS.length === 1) byId('judge-label').hidden = byId('differ-label').hidden = true;
byId('cards').style.setProperty('--card-width', `${Math.min(3, RUNS.length) * 190}px`);
byId('cards').style.setProperty('--card-width-phone', `${Math.min(2, RUNS.length) * 160}px`);

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
