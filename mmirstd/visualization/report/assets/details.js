// One finding at a time, large: every run's crop, where it lies in the image, figures.

function makeDetails(state, setThreshold) {
  const dialog = byId('details');
  const body = byId('details-body');
  const slider = byId('details-threshold');
  let list = [];
  let place = 0;
  let panes = [];
  let pictures = null;

  slider.max = THRESHOLDS.length - 1;
  slider.addEventListener('input', () => setThreshold(Number(slider.value)));
  byId('details-close').addEventListener('click', () => dialog.close());
  byId('details-previous').addEventListener('click', () => show(place - 1));
  byId('details-next').addEventListener('click', () => show(place + 1));
  dialog.addEventListener('keydown', event => {
    if (event.target === slider) return;
    if (event.key === 'ArrowLeft' && place > 0) show(place - 1);
    if (event.key === 'ArrowRight' && place < list.length - 1) show(place + 1);
  });
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });

  function show(index) {
    place = index;
    const item = ITEMS[list[place]];
    const image = DATA.images[item.image];
    pictures = picturesOf(list[place]);
    byId('details-previous').disabled = place === 0;
    byId('details-next').disabled = place === list.length - 1;
    byId('details-title').textContent = `${image.name}: ${item.kind === 'target' ? `target ${item.number}` : 'false alarm'}`;
    panes = RUNS.map((run, i) => {
      const canvas = el('canvas', { role: 'img', 'aria-label': `Crop with contours, ${run.name}` });
      const status = el('span', { class: 'status' });
      const peak = item.runs[i]?.peak;
      return {
        canvas, status,
        node: el('section', { class: 'pane' }, el('h3', {}, runSwatch(i), run.name), canvas, status,
          el('span', { class: 'caption' }, isNumber(peak) ? `peak probability ${peak.toFixed(4)}` : '')),
      };
    });
    const [top, left, height, width] = item.window;
    const share = (value, whole) => `${(100 * value / whole).toFixed(3)}%`;
    const marker = el('span');
    Object.assign(marker.style, {
      left: share(left, image.width), top: share(top, image.height),
      width: share(width, image.width), height: share(height, image.height),
    });
    const facts = [['position', `x ${item.x}, y ${item.y} px`], ['crop', `${width} x ${height} px`],
      ['image', `${image.width} x ${image.height} px`]];
    if (item.kind === 'target') facts.push(['size', `${item.area} px`], ['SCR', isNumber(item.scr) ? item.scr.toFixed(2) : 'not known']);
    body.replaceChildren(el('div', { class: 'panes' }, panes.map(pane => pane.node), el('section', { class: 'pane' },
      el('h3', {}, 'In the image'),
      el('div', { class: 'overview' }, el('img', { src: image.thumbnail, alt: `The image ${image.name}, reduced` }), marker),
      el('dl', { class: 'facts' }, facts.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])))));
    update();
  }

  function update() {
    if (!dialog.open) return;
    slider.value = state.k;
    byId('details-value').textContent = thresholdText(state.k);
    slider.setAttribute('aria-valuetext', thresholdText(state.k));
    panes.forEach((pane, run) => {
      drawCrop(pane.canvas, ITEMS[list[place]], pictures, run, state.k);
      statusInto(pane.status, ITEMS[list[place]], run, state.k);
    });
  }

  return {
    open(found, index) {
      list = [...found];  // the gallery may change behind it as the threshold moves
      dialog.showModal();
      show(index);
    },
    update,
  };
}
