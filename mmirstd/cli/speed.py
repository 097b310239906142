"""Time our code against the way it is usually written, and see how costs grow: ``mmirstd speed WHAT``."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import add_cfg_options_argument, add_traceback_argument, make_parser, positive_int

METRICS = """\
How much faster our evaluation is than the way the official codes write it.

Both sides compute the same quantities of the same score maps: IoU and pixel accuracy from totals, nIoU, Pd and Fa
(prob > 0.5), and the ROC at the eleven thresholds k/10. The official side restates what the published classes (mIoU,
SamplewiseSigmoidMetric, PD_FA, ROCMetric) do: histograms over float maps, skimage's label and regionprops, a Python
loop over pairs of regions, one set of masked sums a threshold. Its sigmoid on logits is left out, which favors it.
Rounds alternate between the sides; the figures are checked to be equal before a ratio is printed. Needs scikit-image.
"""
STREAMING = """\
How much faster is a clip detector that is fed frame by frame than one that is given whole clips?

Both sides go from decoded frames in memory to boxes: normalization, packing, network, suppression of overlapping
boxes. (Decoding is left out: the clip data sets decode a frame once for all its clips.) Three sides take turns:

- windowed: the detector on whole clips, as a test runs it without streaming;
- windowed, fused: the same with the fused copy of the model that StreamingDetector uses, which separates what the
  stream saves from what fusing saves;
- streaming: mmirstd.apis.StreamingDetector.

The raw maps of the head are checked to be equal before anything is timed. At the end the stream's own time is broken
down.
"""
BACKENDS = """\
What does a network cost in each backend: latency, images a second, peak memory, energy?

The reference is the network as the official codes run it: PyTorch's eager mode, three equal channels, nothing folded.
Of a model of clips it is PyTorch on whole clips; each backend also takes frame by frame, with what is kept of the past.
The sides take turns on one image. How far their probabilities differ from the reference's is printed beside the ratios.
With --threads 1 it is CPU time, which other processes disturb little. Each is then run in a process of its own for its
peak memory. Energy is counted where Linux shows it (RAPL). ONEDNN_MAX_CPU_ISA=AVX2 and
ATEN_CPU_CAPABILITY=avx2 in the environment imitate a CPU without AVX-512.
"""
INFER = """\
How much of its time does `mmirstd infer` give to the network?

Scenes with targets are generated, as PNG files and as a video. The sides take turns: the network alone on images in
memory; reading, network and writing one after the other; `mmirstd infer`, where they overlap, with its default outputs,
with the table alone, and on the video. The rate of the network alone is 1. That of CPU time is the rate on one core.
"""
TRAINING = """\
How much faster are a training step and the data loader than the plain way?

The reference of the step is the network as in the official code, float32 and three equal channels, in a plain loop of
forward, backward and optimizer. Against it: the step of `mmirstd train` in float32 and in the precision of this
machine. The reference of the loader decodes every image in every epoch; ours decodes it once and keeps it in bounded
memory that workers share. Each runs in a process of its own, set up as `mmirstd train` sets it up or left alone, and
they take turns. --compile adds torch.compile: it needs a C++ compiler and minutes.
"""
GROWTH = """\
How do time and memory grow with the side of the image, the frames of a clip, the number of images and of processes?

Each point is measured in a process of its own and entered in DIR/growth.json at once. The same command goes on where it
was stopped; larger numbers add points. A table (Markdown, CSV) and a picture are written beside it. The picture also
shows the networks of the zoo, from its record. The defaults take minutes; the whole range is --sizes 256 512 1024 2048
4096 8192 --images 100 1000 10000 100000.
"""
EXAMPLES = """
{speed} infer ggl-net-tiny_three-sources --images 60
{speed} training ggl-net_b4-500e_nuaa-sirst-341-86 --batch-size 4
{speed} metrics --images 100 --size 256 --rounds 7
{speed} streaming configs/_base_/models/sstnet-nano.py --size 256 320
{speed} backends ggl-net_b4-500e_nuaa-sirst-341-86 --size 256 256 --out costs.json costs.csv
{speed} growth --out growth
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ``what`` is the measurement's name."""
    parser = make_parser('speed', 'Time our code against the way it is usually written.', EXAMPLES)
    commands = parser.add_subparsers(
        dest='what', required=True, metavar='infer|training|metrics|streaming|backends|growth'
    )
    layout = argparse.RawDescriptionHelpFormatter
    metrics = commands.add_parser('metrics', help='the evaluation', description=METRICS, formatter_class=layout)
    metrics.add_argument('--images', type=positive_int, default=100, help='number of images (default 100)')
    metrics.add_argument('--size', type=positive_int, default=256, help='side of the images in pixels (default 256)')
    metrics.add_argument('--rounds', type=positive_int, default=7, help='rounds, after one warm-up round (default 7)')
    streaming = commands.add_parser(
        'streaming', help='a detector of moving targets', description=STREAMING, formatter_class=layout
    )
    streaming.add_argument(
        'config', nargs='?', default='configs/_base_/models/sstnet-nano.py', help='config with a model'
    )
    streaming.add_argument('checkpoint', nargs='?', help='checkpoint; without one the weights are fresh')
    streaming.add_argument(
        '--size', type=positive_int, nargs=2, default=(256, 320), metavar=('H', 'W'), help='size of the frames'
    )
    streaming.add_argument('--frames', type=positive_int, default=8, help='frames a round')
    streaming.add_argument('--rounds', type=positive_int, default=5, help='rounds, after one to warm up')
    streaming.add_argument('--threads', type=positive_int, default=1, help='threads of PyTorch')
    add_cfg_options_argument(streaming, 'override config entries')
    backends = commands.add_parser(
        'backends', help='the backends of a segmentation network', description=BACKENDS, formatter_class=layout
    )
    backends.add_argument('config', help='config with a segmentation network, or its name')
    backends.add_argument('checkpoint', nargs='?', help='checkpoint; without one the weights are fresh')
    backends.add_argument(
        '--size', type=positive_int, nargs=2, default=(256, 256), metavar=('H', 'W'), help='size of the image'
    )
    backends.add_argument(
        '--rounds', type=positive_int, default=15, help='rounds, after one to warm up (default %(default)s)'
    )
    backends.add_argument('--threads', type=positive_int, default=1, help='threads of each backend (default 1)')
    backends.add_argument(
        '--calibration-images', type=Path, metavar='DIR', help='int8, too, scaled by the values of these images'
    )
    backends.add_argument('--no-memory', action='store_true', help='leave out the peak memory: no further processes')
    backends.add_argument(
        '--out', type=Path, nargs='+', metavar='FILE', help='write .json, .csv, .md, .tex or .html, too'
    )
    add_cfg_options_argument(backends, 'override config entries')
    whole = commands.add_parser('infer', help='the whole of infer', description=INFER, formatter_class=layout)
    whole.add_argument('config', help='config with a segmentation network, or its name')
    whole.add_argument('checkpoint', nargs='?', help='checkpoint; without one the released weights')
    whole.add_argument('--images', type=positive_int, default=60, help='number of images (default 60)')
    whole.add_argument(
        '--size', type=positive_int, nargs=2, default=(256, 256), metavar=('H', 'W'), help='size of the images'
    )
    whole.add_argument('--rounds', type=positive_int, default=5, help='rounds, after one to warm up (default 5)')
    whole.add_argument('--threads', type=positive_int, default=1, help='threads of the network (default 1)')
    whole.add_argument('--backend', choices=('auto', 'torch', 'onnxruntime', 'openvino'), help='as for infer')
    training = commands.add_parser('training', help='a training step', description=TRAINING, formatter_class=layout)
    training.add_argument('config', help='config with a segmentation network and a training loader, or its name')
    training.add_argument('--batch-size', type=positive_int, default=4, help='images of a step (default 4)')
    training.add_argument('--size', type=positive_int, default=256, help='side of the images in pixels (default 256)')
    training.add_argument('--images', type=positive_int, default=40, help='images of an epoch (default 40)')
    training.add_argument('--rounds', type=positive_int, default=5, help='rounds, after one to warm up (default 5)')
    training.add_argument('--threads', type=positive_int, default=1, help='threads of PyTorch (default 1)')
    training.add_argument(
        '--own-data', action='store_true', help="the config's own training images instead of generated scenes"
    )
    training.add_argument('--compile', action='store_true', help='torch.compile, too')
    add_cfg_options_argument(training, 'override config entries')
    growth = commands.add_parser(
        'growth', help='how costs grow with the work', description=GROWTH, formatter_class=layout
    )
    growth.add_argument('--out', type=Path, required=True, metavar='DIR', help='where the record, table and picture go')
    for name, values, text in (
        ('sizes', (256, 512, 1024, 2048), 'sides of the image in pixels'),
        ('frames', (1, 2, 5, 10, 20), 'frames T of a clip'),
        ('images', (100, 1000, 10000), 'images of a folder'),
        ('processes', (1, 2), 'processes that share a folder'),
    ):
        growth.add_argument(
            f'--{name}',
            type=positive_int,
            nargs='*',
            default=values,
            metavar='N',
            help=f'{text} (default: {" ".join(map(str, values))}; none: leave it out)',
        )
    growth.add_argument('--network', default='ggl-net-tiny_general', help='of the sizes (default: %(default)s)')
    growth.add_argument(
        '--detector', default='configs/_base_/models/sstnet-nano.py', help='of the frames (default: %(default)s)'
    )
    growth.add_argument('--method', default='white-tophat', help='of the folders (default: %(default)s)')
    growth.add_argument('--threads', type=positive_int, default=1, help='threads of PyTorch (default 1)')
    for command in (metrics, streaming, backends, whole, training, growth):
        add_traceback_argument(command)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Measure, and print a table."""
    args = parse_args(argv)
    if args.what == 'metrics':
        from . import speed_metrics

        speed_metrics.report(args.images, args.size, args.rounds)
    elif args.what == 'training':
        from . import speed_training

        speed_training.report(args)
    elif args.what == 'infer':
        from . import speed_infer

        speed_infer.report(args)
    elif args.what == 'backends':
        from . import speed_backends

        speed_backends.report(args)
    elif args.what == 'growth':
        from . import speed_growth

        speed_growth.report(args)
    else:
        from . import speed_streaming

        speed_streaming.report(args)
