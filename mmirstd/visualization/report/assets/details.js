// One finding at a time, large: every run's crop, where it lies in the image, figures.

function makeDetails(state, setThreshold) {
  const dialog = byId('details');
  const body = byId('details-body');
  const slider = byId('details-threshold');
  let list = [];
  let place = 0;
  let panes = [];
  let clip = null;      // frames around the finding
  let frame = 0;        // which of them is shown
  let timer = null;
  let strip = [];

  slider.max = THRESHOLDS.length - 1;
  slider.addEventListener('input', () => setThreshold(Number(slider.value)));
  byId('details-close').addEventListener('click', () => dialog.close());
  byId('details-previous').addEventListener('click', () => show(place - 1));
  byId('details-next').addEventListener('click', () => show(place + 1));
  dialog.addEventListener('keydown', event => {
    if (event.target.tagName === 'INPUT') return;
    if (event.key === 'ArrowLeft' && place > 0) show(place - 1);
    if (event.key === 'ArrowRight' && place < list.length - 1) show(place + 1);
  });
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener('close', stop);

  function stop() {
    clearInterval(timer);
    timer = null;
    byId('clip-play').textContent = '▶ Play';
  }
  function showFrame(number) {
    frame = (number + clip.frames.length) % clip.frames.length;
    byId('clip-frame').value = frame;
    update();
  }
  byId('clip-frame').addEventListener('input', event => { stop(); showFrame(Number(event.target.value)); });
  byId('clip-play').addEventListener('click', () => {
    if (timer) { stop(); return; }
    timer = setInterval(() => showFrame(frame + 1), 250);
    byId('clip-play').textContent = '❚❚ Pause';
  });

  function show(index) {
    place = index;
    const item = ITEMS[list[place]];
    const image = DATA.images[item.image];
    stop();
    clip = clipOf(list[place]) || { frames: [picturesOf(list[place])], at: 0, images: [item.image] };
    frame = clip.at;
    byId('clip').hidden = clip.frames.length < 2;
    byId('clip-frame').max = clip.frames.length - 1;
    byId('clip-frame').value = frame;
    strip = clip.frames.map(() => el('canvas', { 'aria-hidden': 'true' }));
    byId('clip-strip').replaceChildren(...(clip.frames.length < 2 ? [] : strip.map((canvas, i) => el('button', {
      type: 'button', 'aria-label': `Frame ${i + 1}, ${DATA.images[clip.images[i]].name}`, onclick: () => { stop(); showFrame(i); },
    }, canvas))));
    byId('details-previous').disabled = place === 0;
    byId('details-next').disabled = place === list.length - 1;
    byId('details-title').textContent = `${image.name}: ${item.kind === 'target' ? `target ${item.number}` : 'false alarm'}`;
    panes = GROUPS.map((group, i) => {
      const canvas = el('canvas', { role: 'img', 'aria-label': `Crop with ${BOXES ? 'boxes' : 'contours'}, ${group.name}` });
      const status = el('span', { class: 'status' });
      const peak = item.runs[shownRuns(state)[i]]?.peak;
      return {
        canvas, status,
        node: el('section', { class: 'pane' }, el('h3', {}, groupSwatch(i), group.name), canvas, status,
          el('span', { class: 'caption' }, peak > 0 ? `${BOXES ? 'score' : 'peak probability'} ${peak.toFixed(4)}` : '')),
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
    if (item.kind === 'target') facts.push(['size', `${+item.area.toFixed(1)} px`], ['SCR', isNumber(item.scr) ? item.scr.toFixed(2) : 'not known']);
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
    const item = ITEMS[list[place]];
    const runs = shownRuns(state);
    panes.forEach((pane, i) => {
      drawCrop(pane.canvas, item, clip.frames[frame], runs[i], state.k);
      statusInto(pane.status, item, i, state);
    });
    if (clip.frames.length < 2) return;
    strip.forEach((canvas, i) => {
      drawCrop(canvas, item, clip.frames[i], runs[0], state.k);
      canvas.parentElement.setAttribute('aria-pressed', i === frame);
    });
    const away = clip.images[frame] - clip.images[clip.at];
    byId('clip-name').textContent = `${DATA.images[clip.images[frame]].name}${away ? ` (${away > 0 ? '+' : ''}${away})` : ' (the finding)'}`;
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
