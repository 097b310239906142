// The gallery: filter, sort, one page of cards at a time, crops drawn when they come into view.

const PAGE_SIZE = 24;

function makeGallery(state, openDetails) {
  const list = byId('cards');
  let found = [];   // indices of items, filtered and sorted
  let page = 0;
  let cards = [];   // of this page: {index, canvases, statuses, node, drawn}

  const judged = () => (state.judge === 'any' ? shownRuns(state) : [shownRuns(state)[Number(state.judge)]]);

  // The worst error type among the judged runs that the filter lets through, or null.
  function shownType(item, k, runs) {
    let worst = null;
    for (const run of runs) {
      const type = typeOf(item, run, k);
      if (type !== ABSENT && state.types.has(type) && (worst === null || TYPES[type].order < TYPES[worst].order)) worst = type;
    }
    return worst;
  }

  const runsDiffer = (item, k) => new Set(shownRuns(state).map(run => typeOf(item, run, k))).size > 1;

  // A number to sort by, small first; null goes last whatever the order.
  const KEYS = {
    type: (item, k, runs, type) => TYPES[type].order,
    iou: (item, k, runs) => {
      if (item.kind === 'alarm') return null;
      return Math.min(...runs.map(run => iouOf(item, run, k) ?? 0));
    },
    area: (item, k, runs) => (item.kind === 'target' ? item.area : Math.max(...runs.map(run => alarmArea(item, run, k)))),
    scr: item => item.scr ?? null,
    peak: (item, k, runs) => Math.max(...runs.map(run => item.runs[run]?.peak ?? 0)),
    image: item => item.image,
  };
  // Within an error type the worse comes first: large, confident false alarms; contours of low IoU; bright missed ones.
  const SECOND = {
    missed: (item, k, runs) => -(item.scr ?? 0),
    alarm: (item, k, runs) => -KEYS.peak(item, k, runs),
  };

  function select() {
    const { k } = state;
    const runs = judged();
    const query = state.query.trim().toLowerCase();
    const rows = [];
    ITEMS.forEach((item, index) => {
      if (state.image !== null ? item.image !== state.image : query && !DATA.images[item.image].name.toLowerCase().includes(query)) return;
      const type = shownType(item, k, runs);
      if (type === null || (state.differ && !runsDiffer(item, k))) return;
      const key = KEYS[state.sort](item, k, runs, type);
      const second = state.sort === 'type' ? (SECOND[type] || KEYS.iou)(item, k, runs) : 0;
      rows.push({ index, key, second });
    });
    const sign = state.descending ? -1 : 1;
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.index - b.index;
      return sign * (a.key - b.key || a.second - b.second) || a.index - b.index;
    });
    found = rows.map(row => row.index);
  }

  const hiddenTargets = DATA.images.reduce((sum, image) => sum + image.targets, 0)
    - ITEMS.filter(item => item.kind === 'target').length;

  // How many of each error type there are, by the judged runs, with or without a card.
  function count() {
    const { k } = state;
    const runs = judged();
    const counts = Object.fromEntries(Object.keys(TYPES).map(type => [type, 0]));
    let drawnAlarms = 0;
    for (const item of ITEMS) {
      if (item.kind === 'alarm') for (const run of runs) if (typeOf(item, run, k) === 'alarm') drawnAlarms++;
    }
    for (const run of runs) {
      const { components, matched } = RUNS[run].totals.targets;
      counts.alarm += components[k] - matched[k];
      for (const [type, numbers] of Object.entries(RUNS[run].types)) counts[type] += numbers[k];
    }
    return { counts, hidden: counts.alarm - drawnAlarms };
  }

  function describe() {
    const { counts, hidden } = count();
    for (const [type, node] of Object.entries(state.typeCounts)) node.textContent = counts[type];
    let words = `${several(found.length, 'finding')} at threshold ${thresholdText(state.k)}.`;
    if (hidden > 0 && state.types.has('alarm')) {
      words += ` ${several(hidden, 'more false alarm')}, less confident than those shown, ${hidden === 1 ? 'has' : 'have'} no card.`;
    }
    if (hiddenTargets > 0) {
      words += ` ${several(hiddenTargets, 'more target')}, easier than those shown, ${hiddenTargets === 1 ? 'has' : 'have'} no card.`;
    }
    byId('gallery-status').textContent = words;
    const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
    byId('page-status').textContent = `Page ${page + 1} of ${pages}`;
    byId('previous').disabled = page === 0;
    byId('next').disabled = page >= pages - 1;
  }

  // Only what is in view, or nearly, is drawn.
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries) {
      const card = cards.find(c => c.node === entry.target);
      if (!card) continue;
      card.visible = entry.isIntersecting;
      if (card.visible) draw(card);
    }
  }, { rootMargin: '200px' });

  function draw(card) {
    const now = `${state.k}/${state.seed}`;
    if (card.drawn === now) return;
    card.pictures ||= picturesOf(card.index);
    card.canvases.forEach((canvas, i) => drawCrop(canvas, ITEMS[card.index], card.pictures, shownRuns(state)[i], state.k));
    card.drawn = now;
  }

  function makeCard(index, position) {
    const item = ITEMS[index];
    const canvases = GROUPS.map(() => el('canvas', { 'aria-hidden': 'true' }));
    const statuses = GROUPS.map(() => el('span', { class: 'status' }));
    const name = DATA.images[item.image].name;
    const facts = item.kind === 'target'
      ? `target ${item.number}, ${+item.area.toFixed(1)} px${isNumber(item.scr) ? `, SCR ${item.scr.toFixed(1)}` : ''}`
      : `at (${item.x}, ${item.y})`;
    const node = el('li', { class: 'card', 'aria-setsize': found.length, 'aria-posinset': position + 1, 'data-item': index },
      el('button', { type: 'button', onclick: () => openDetails(found, found.indexOf(index)) },
        el('span', { class: 'views' }, GROUPS.map((group, i) => el('span', { class: 'view' }, canvases[i],
          GROUPS.length > 1 ? el('span', { class: 'caption', title: group.name }, groupSwatch(i), group.name) : [], statuses[i]))),
        el('span', { class: 'caption name', title: name }, name),
        el('span', { class: 'caption' }, facts, clipNumbers.has(index) ? ', ▶ clip' : '')));
    return { index, canvases, statuses, node, drawn: null, visible: false };
  }

  function label(card) {
    const item = ITEMS[card.index];
    card.statuses.forEach((node, group) => statusInto(node, item, group, state));
  }

  function showPage() {
    const start = page * PAGE_SIZE;
    const wanted = found.slice(start, start + PAGE_SIZE);
    // Cards that stay are kept, so that keyboard focus and drawings survive a move of the slider.
    const old = new Map(cards.map(card => [card.index, card]));
    cards = wanted.map((index, i) => old.get(index) || makeCard(index, start + i));
    const kept = new Set(cards);
    for (const card of old.values()) {
      if (!kept.has(card)) { seen.unobserve(card.node); card.node.remove(); }
    }
    cards.forEach((card, i) => {
      if (list.children[i] !== card.node) list.insertBefore(card.node, list.children[i] || null);
      card.node.setAttribute('aria-setsize', found.length);
      card.node.setAttribute('aria-posinset', start + i + 1);
      label(card);
      if (!old.has(card.index)) seen.observe(card.node);
      else if (card.visible) draw(card);
    });
    describe();
  }

  function turn(step) {
    page += step;
    showPage();
    byId('gallery').scrollIntoView({ block: 'start' });
  }
  byId('previous').addEventListener('click', () => turn(-1));
  byId('next').addEventListener('click', () => turn(1));
  window.addEventListener('resize', () => {
    for (const card of cards) { card.drawn = null; if (card.visible) draw(card); }
  });

  return {
    update({ firstPage = false } = {}) {
      select();
      page = firstPage ? 0 : Math.min(page, Math.max(0, Math.ceil(found.length / PAGE_SIZE) - 1));
      showPage();
    },
  };
}

// The runs whose crops are shown, one a group: that of the chosen seed, or a group's last.
const shownRuns = state => GROUPS.map(({ runs }) => runs[Math.min(state.seed, runs.length - 1)]);

// Icon, words and IoU of an item in the shown run of a group, and how many of its seeds agree.
function statusInto(node, item, group, state) {
  const { k } = state;
  const run = shownRuns(state)[group];
  const type = typeOf(item, run, k);
  node.className = `status ${type}`;
  node.dataset.type = type;
  const seeds = GROUPS[group].runs.length;
  const agree = seeds > 1 ? ` (${seedsOfType(item, group, type, k)} of ${seeds} seeds)` : '';
  if (type === ABSENT) { node.textContent = `no false alarm${agree}`; return; }
  const { icon, label } = TYPES[type];
  const iou = iouOf(item, run, k);
  const area = alarmArea(item, run, k);
  node.textContent = `${icon} ${label}${iou === null || type === 'perfect' ? '' : ` ${iou.toFixed(2)}`}${area ? `, ${area} px` : ''}${agree}`;
}
