// The report's data: what Python computed, unpacked when it is needed.

const DATA = JSON.parse(document.getElementById('data').textContent);
const THRESHOLDS = DATA.thresholds;
const RUNS = DATA.runs;
const ITEMS = DATA.items;
const GROUPS = DATA.groups;  // runs that differ by their seed only
const BOXES = DATA.kind === 'boxes';
const SEEDS = Math.max(...GROUPS.map(group => group.runs.length));

// Error types, worst first; `order` is what the gallery sorts by.
const TYPES = {
  missed: { order: 0, icon: '✕', label: 'missed' },
  alarm: { order: 1, icon: '▲', label: 'false alarm' },
  poor: { order: 2, icon: '◐', label: BOXES ? 'poor box' : 'poor contour' },
  good: { order: 3, icon: '●', label: BOXES ? 'good box' : 'good contour' },
  perfect: { order: 4, icon: '★', label: BOXES ? 'exact box' : 'perfect' },
};
const ABSENT = 'absent';  // a false alarm's card where a run has no false alarm

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// pack_bytes of crops.py: 'r' raw bytes, 'z' (count, value) pairs.
function unpack(text, length) {
  const bytes = bytesOf(text.slice(1));
  if (text[0] === 'r') return bytes;
  const out = new Uint8Array(length);
  for (let i = 0, at = 0; i < bytes.length; i += 2) {
    out.fill(bytes[i + 1], at, at + bytes[i]);
    at += bytes[i];
  }
  return out;
}

// Codes of a target: 0 missed, else 1 + floor(200 IoU).
for (const item of ITEMS) {
  if (item.kind === 'target') for (const run of item.runs) run.codes = bytesOf(run.codes);
}

// Area in pixels of the false alarm of a run at threshold k, 0 where there is none.
function alarmArea(item, run, k) {
  const entry = item.runs[run];
  if (item.kind !== 'alarm' || !entry) return 0;
  const at = k - entry.areas[0];
  return at >= 0 && at < entry.areas.length - 1 ? entry.areas[at + 1] : 0;
}

// IoU of a detected target to 1/200, rounded down; null if missed or no target.
function iouOf(item, run, k) {
  if (item.kind !== 'target') return null;
  const code = item.runs[run].codes[k];
  return code ? (code - 1) / 200 : null;
}

// The error type of an item in a run at threshold k, or ABSENT.
function typeOf(item, run, k) {
  if (item.kind === 'alarm') return alarmArea(item, run, k) ? 'alarm' : ABSENT;
  const code = item.runs[run].codes[k];
  if (!code) return 'missed';
  if (code === 201) return 'perfect';
  return code > 100 ? 'good' : 'poor';
}

// How often a type befalls a target, or a false alarm is there, among the seeds of a group.
const seedsOfType = (item, group, type, k) => GROUPS[group].runs.filter(run => typeOf(item, run, k) === type).length;

// The pictures of an item: gray values, ground truth and each run's prediction. They wait as JSON in chunks; the latest
// few chunks are kept.
const chunks = new Map();
function picturesOf(index) {
  const number = Math.floor(index / DATA.chunkSize);
  let chunk = chunks.get(number);
  if (!chunk) {
    chunk = JSON.parse(document.getElementById(`crops-${number}`).textContent);
    chunks.set(number, chunk);
    if (chunks.size > 40) chunks.delete(chunks.keys().next().value);
  }
  return decodePictures(chunk[index % DATA.chunkSize], ITEMS[index].window);
}

function decodePictures([gray, truth, ...levels], [, , height, width]) {
  const unpacked = text => (BOXES ? text : unpack(text, height * width));
  return { gray: unpack(gray, height * width), truth: unpacked(truth), levels: levels.map(unpacked), height, width };
}

// The frames around a finding, {frames: [pictures], at, images}, or null.
const clipNumbers = new Map(DATA.clips.map((clip, number) => [clip.item, number]));
function clipOf(index) {
  if (!clipNumbers.has(index)) return null;
  const number = clipNumbers.get(index);
  const frames = JSON.parse(document.getElementById(`clip-${number}`).textContent);
  const { at, frames: images } = DATA.clips[number];
  return { frames: frames.map(pictures => decodePictures(pictures, ITEMS[index].window)), at, images };
}

// What happened in each image, over the thresholds.
for (const image of DATA.images) {
  for (const run of image.runs) {
    run.iou = new Float32Array(bytesOf(run.iou).buffer);
    run.detected = new Uint16Array(bytesOf(run.detected).buffer);
    run.false = new Uint16Array(bytesOf(run.false).buffer);
  }
}
