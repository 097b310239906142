// Draw a crop: magnified gray values and the contours of ground truth and prediction.

const TRUTH_COLOR = '#00c8ff';
const TICK_COLOR = '#ffd400';
const PREDICTION_COLOR = '#ff4df0';
const IGNORED_COLOR = '#9aa4ae';

// Segments between pixels inside and outside, in pixel coordinates; the crop's border is no contour.
function contour(inside, height, width) {
  const path = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const here = inside(y * width + x);
      if (x + 1 < width && here !== inside(y * width + x + 1)) path.push([x + 1, y, x + 1, y + 1]);
      if (y + 1 < height && here !== inside((y + 1) * width + x)) path.push([x, y + 1, x + 1, y + 1]);
    }
  }
  return path;
}

function stroke(context, segments, scale, left, top, style, lineWidth) {
  context.strokeStyle = style;
  context.lineWidth = lineWidth;
  context.lineCap = 'round';
  context.beginPath();
  for (const [x0, y0, x1, y1] of segments) {
    context.moveTo(left + x0 * scale, top + y0 * scale);
    context.lineTo(left + x1 * scale, top + y1 * scale);
  }
  context.stroke();
}

const scratch = document.createElement('canvas');

// pictures: of picturesOf(item); run: whose levels; k: threshold.
function drawCrop(canvas, item, pictures, run, k) {
  const { gray, truth, levels, height, width } = pictures;
  const ratio = Math.min(window.devicePixelRatio || 1, 3);
  const size = Math.max(1, Math.round((canvas.clientWidth || 180) * ratio));
  canvas.width = canvas.height = size;
  const context = canvas.getContext('2d');

  scratch.width = width;
  scratch.height = height;
  const pixels = new ImageData(width, height);
  for (let i = 0; i < gray.length; i++) {
    pixels.data[4 * i] = pixels.data[4 * i + 1] = pixels.data[4 * i + 2] = gray[i];
    pixels.data[4 * i + 3] = 255;
  }
  scratch.getContext('2d').putImageData(pixels, 0, 0);
  const scale = size / Math.max(width, height);
  const left = (size - width * scale) / 2;
  const top = (size - height * scale) / 2;
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, left, top, width * scale, height * scale);

  // Ticks at the edges point at the finding: a crop near the image's border is not centered on it, and others may be near.
  const [row, column] = [item.y - item.window[0] + 0.5, item.x - item.window[1] + 0.5];
  const tick = Math.max(width, height) / 22;
  stroke(context, [[column, 0, column, tick], [column, height - tick, column, height], [0, row, tick, row],
    [width - tick, row, width, row]], scale, left, top, TICK_COLOR, 1.5 * ratio);

  const level = levels[run];
  const [wide, thin] = [Math.max(2.4 * ratio, size / 85), Math.max(1.2 * ratio, size / 200)];
  if (BOXES) {
    stroke(context, sides(truth.filter(box => box[4] === 0)), scale, left, top, IGNORED_COLOR, thin);
    stroke(context, sides(truth.filter(box => box[4] > 0)), scale, left, top, TRUTH_COLOR, wide);
    stroke(context, sides(level.filter(box => box[4] > k)), scale, left, top, PREDICTION_COLOR, thin);
    return;
  }
  stroke(context, contour(i => truth[i] === 1, height, width), scale, left, top, TRUTH_COLOR, wide);
  stroke(context, contour(i => level[i] > k, height, width), scale, left, top, PREDICTION_COLOR, thin);
}

const sides = boxes => boxes.flatMap(([x0, y0, x1, y1]) => [[x0, y0, x1, y0], [x1, y0, x1, y1], [x1, y1, x0, y1], [x0, y1, x0, y0]]);
