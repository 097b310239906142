"""Time the evaluation, a streaming detector or the backends: ``mmirstd speed metrics|streaming|backends``."""

from __future__ import annotations

import argparse

from .arguments import add_cfg_options_argument, add_traceback_argument, make_parser

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
How much faster is a segmentation network in each backend than as in the official code?

The reference is the network as the official codes run it: PyTorch's eager mode, three equal channels, nothing folded.
The sides take turns on one image. How far their probabilities differ from the reference's is printed beside the ratios.
With --threads 1 it is CPU time, which other processes disturb little. ONEDNN_MAX_CPU_ISA=AVX2 and
ATEN_CPU_CAPABILITY=avx2 in the environment imitate a CPU without AVX-512.
"""
EXAMPLES = """
{speed} metrics --images 100 --size 256 --rounds 7
{speed} streaming configs/_base_/models/sstnet-nano.py --size 256 320
{speed} backends ggl-net_b4-500e_nuaa-sirst-341-86 --size 256 256
"""


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ``what`` is ``'metrics'``, ``'streaming'`` or ``'backends'``."""
    parser = make_parser('speed', 'Time our code against the way it is usually written.', EXAMPLES)
    commands = parser.add_subparsers(dest='what', required=True, metavar='metrics|streaming|backends')
    layout = argparse.RawDescriptionHelpFormatter
    metrics = commands.add_parser('metrics', help='the evaluation', description=METRICS, formatter_class=layout)
    metrics.add_argument('--images', type=int, default=100, help='number of images (default 100)')
    metrics.add_argument('--size', type=int, default=256, help='side of the images in pixels (default 256)')
    metrics.add_argument('--rounds', type=int, default=7, help='rounds, after one warm-up round (default 7)')
    streaming = commands.add_parser(
        'streaming', help='a detector of moving targets', description=STREAMING, formatter_class=layout
    )
    streaming.add_argument(
        'config', nargs='?', default='configs/_base_/models/sstnet-nano.py', help='config with a model'
    )
    streaming.add_argument('checkpoint', nargs='?', help='checkpoint; without one the weights are fresh')
    streaming.add_argument(
        '--size', type=int, nargs=2, default=(256, 320), metavar=('H', 'W'), help='size of the frames'
    )
    streaming.add_argument('--frames', type=int, default=8, help='frames a round')
    streaming.add_argument('--rounds', type=int, default=5, help='rounds, after one to warm up')
    streaming.add_argument('--threads', type=int, default=1, help='threads of PyTorch')
    add_cfg_options_argument(streaming, 'override config entries')
    backends = commands.add_parser(
        'backends', help='the backends of a segmentation network', description=BACKENDS, formatter_class=layout
    )
    backends.add_argument('config', help='config with a segmentation network, or its name')
    backends.add_argument('checkpoint', nargs='?', help='checkpoint; without one the weights are fresh')
    backends.add_argument('--size', type=int, nargs=2, default=(256, 256), metavar=('H', 'W'), help='size of the image')
    backends.add_argument('--rounds', type=int, default=9, help='rounds, after one to warm up (default 9)')
    backends.add_argument('--threads', type=int, default=1, help='threads of each backend (default 1)')
    add_cfg_options_argument(backends, 'override config entries')
    for command in (metrics, streaming, backends):
        add_traceback_argument(command)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Measure, and print a table."""
    args = parse_args(argv)
    if args.what == 'metrics':
        from . import speed_metrics

        speed_metrics.report(args.images, args.size, args.rounds)
    elif args.what == 'backends':
        from . import speed_backends

        speed_backends.report(args)
    else:
        from . import speed_streaming

        speed_streaming.report(args)
