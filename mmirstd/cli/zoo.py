"""One table of all single-frame networks: size, speed, configs, and whether they equal their official code.

Example::

    python tools/analysis_tools/zoo.py                                 # everything; the latencies take minutes
    python tools/analysis_tools/zoo.py dnanet mshnet --rounds 9
    python tools/analysis_tools/zoo.py --rounds 0 --out zoo.json       # no latencies
    python tools/analysis_tools/zoo.py --rounds 9 --page docs/zoo.md   # rebuild the table of that page

- parameters and FLOPs: of the base model in configs/_base_/models, one input channel, one image; 2 FLOPs per
  multiply-accumulate of convolutions and matrix products.
- latency: median time of a network's forward pass divided by that of GGL-Net, on this machine's CPU; the two take turns
  and both are warmed up first.  Classical methods: from image to detections.
- recipes: those of configs/<folder>/<network>_<recipe>_<data set>.py; any takes another data set by --data.
- golden: each official state dict recorded in tests/data/golden is filled by the recorded rule, converted and loaded,
  and the prediction in float64 compared with the recorded outputs.  The largest difference is relative to the largest
  recorded logit.  Where the official code knows no float64, its float32 outputs were recorded, with their rounding.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

import mmirstd.registry  # noqa: E402, F401, I001
import numpy as np  # noqa: E402
import torch  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from mmseg.models.utils import resize  # noqa: E402

from mmirstd.benchmark import write_table  # noqa: E402
from mmirstd.models.segmentors import ClassicalSegmentor  # noqa: E402
from mmirstd.registry import MODELS  # noqa: E402
from tests.golden import golden_input, official_state_dict, samples  # noqa: E402
from tools.analysis_tools.get_flops import count  # noqa: E402
from mmirstd.key_maps import ARCHS  # noqa: E402

REFERENCE = 'ggl-net'
# By the recorded precision.  The tests have bounds of each network's own; these are for a table.
TOLERANCES = {64: 1e-10, 32: 1e-5}
TABLE = 'zoo/networks'


@dataclass
class Difference:
    """From the recorded output of an official network.

    Attributes:
        largest: Of the samples, divided by the larger of 1 and the record's largest value.
        bits: Of the recorded floating-point numbers, 64 or 32.
    """

    largest: float
    bits: int

    @property
    def is_none(self) -> bool:
        """Whether it is no more than rounding."""
        return self.largest <= TOLERANCES[self.bits]

    def __str__(self) -> str:
        return f'{"equal" if self.is_none else "DIFFERS"} ({self.largest:.0e}{", float32" if self.bits == 32 else ""})'


@dataclass
class Row:
    """One network of the table.

    Attributes:
        name: Base model, configs/_base_/models/<name>.py.
        params: Number of parameters, 0 for a classical method.
        flops: Of one image, None for a classical method.
        recipes: Of its configs.
        latency: Median time divided by GGL-Net's, None if not measured.
        golden: ``--arch`` name -> difference from the official outputs.
    """

    name: str
    params: int
    flops: int | None
    recipes: list[str]
    latency: float | None = None
    golden: dict[str, Difference] = field(default_factory=dict)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', help='base models; all by default')
    parser.add_argument('--size', type=int, default=256, help='side of the image for FLOPs and latency')
    parser.add_argument('--rounds', type=int, default=5, help='timed runs of each side of a comparison; 0: no latency')
    parser.add_argument('--threads', type=int, default=1, help='threads for the latency')
    parser.add_argument('--no-golden', action='store_true', help='leave out the comparison with the official code')
    parser.add_argument('--out', type=Path, help='write the table to this JSON file, too')
    parser.add_argument(
        '--page', type=Path, help=f'write the table into this Markdown file, too, between its markers {TABLE!r}'
    )
    return parser.parse_args(argv)


def single_frame_models() -> dict[str, Config]:
    """Base model configs of single-frame segmentation by name, sorted."""
    configs = {path.stem: Config.fromfile(path) for path in sorted((REPO / 'configs/_base_/models').glob('*.py'))}
    init_default_scope('mmseg')
    return {name: cfg for name, cfg in configs.items() if cfg.model.type == 'EncoderDecoder' or is_classical(cfg)}


def is_classical(cfg: Config) -> bool:
    """Whether a model config is that of a method without weights."""
    built = MODELS.get(cfg.model.type)
    return isinstance(built, type) and issubclass(built, ClassicalSegmentor)


def recipes(name: str) -> list[str]:
    """Recipes of the configs with this base model, by the naming rule of configs/README.md."""
    found = [path.stem.split('_')[1:-1] for path in (REPO / 'configs').glob(f'*/{name}_*.py')]
    return sorted({recipe for fields in found for recipe in fields})


def golden_records() -> dict[str, dict]:
    """Recorded figures of the official networks, by ``--arch`` name."""
    records = (json.loads(path.read_text()) for path in sorted((REPO / 'tests/data/golden').glob('*.json')))
    return {record['arch']: record for record in records if 'arch' in record}


def golden_difference(cfg: Config, arch: str, record: dict) -> Difference:
    """How far the prediction with the official weights is from the recorded output nearest to it.

    Records of networks with several outputs list all of them, so the nearest is the prediction's.

    Raises:
        ValueError: If weights and network do not fit, or no recorded output has the prediction's shape.
    """
    channels = record['input']['shape'][1]
    cfg = cfg.copy()
    cfg.model.backbone.in_channels = channels
    model = MODELS.build(cfg.model).double().eval()
    missing, unexpected = model.load_state_dict(
        ARCHS[arch].convert(official_state_dict(record), channels), strict=False
    )
    if missing or unexpected:
        raise ValueError(f'{arch}: converted weights do not fit, missing {missing[:3]}, unexpected {unexpected[:3]}')
    with torch.no_grad():
        logits = model(golden_input(record['input']).double(), mode='tensor')
        # Where our heads end at a coarser size, the segmentor upsamples; official networks do it themselves.
        logits = resize(
            logits, record['input']['shape'][2:], mode='bilinear', align_corners=model.align_corners, warning=False
        )
    bits = 64 if 'outputs_float64' in record else 32
    differences = [
        _difference(logits, output, record['official_output'] == 'sigmoid')
        for output in record['outputs_float64' if bits == 64 else 'outputs']
        if output['shape'] == list(logits.shape)
    ]
    if not differences:
        raise ValueError(f'{arch}: no recorded output has the shape {list(logits.shape)}')
    return Difference(min(differences), bits)


def _difference(logits: Tensor, output: dict, is_probability: bool) -> float:
    raw = output.get('pre_sigmoid')
    if raw is None:
        raw, logits = output, logits.sigmoid() if is_probability else logits
    scale = max(1.0, abs(raw['min']), abs(raw['max']))
    return float(np.abs(samples(logits) - np.asarray(raw['samples'])).max() / scale)


def latency_ratio(model: nn.Module, reference: nn.Module, size: int, rounds: int) -> float:
    """Median time of ``model`` divided by that of ``reference``, one image; they take turns after a warm-up."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 1, size, size, generator=generator)
    times: tuple[list[float], list[float]] = ([], [])
    with torch.no_grad():
        for network in (model, reference):
            _run(network, image)
        for _ in range(rounds):
            for network, kept in zip((model, reference), times):
                start = time.perf_counter()
                _run(network, image)
                kept.append(time.perf_counter() - start)
    return median(times[0]) / median(times[1])


def _run(model: nn.Module, image: Tensor) -> None:
    model(image, mode='predict' if isinstance(model, ClassicalSegmentor) else 'tensor')


def make_row(name: str, cfg: Config, size: int, records: dict[str, dict]) -> Row:
    """Everything but the latency."""
    if is_classical(cfg):
        return Row(name, 0, None, recipes(name))
    params, flops = count(MODELS.build(cfg.model), (size, size))
    row = Row(name, params, flops, recipes(name))
    for arch, record in records.items():
        if ARCHS[arch].model == f'configs/_base_/models/{name}.py':
            row.golden[arch] = golden_difference(cfg, arch, record)
    return row


def markdown(rows: list[Row], size: int) -> str:
    """The table as text."""
    lines = [
        f'| network | parameters | GFLOPs at {size}x{size} | CPU time / GGL-Net | golden | recipes |',
        '|---|---:|---:|---:|---|---|',
    ]
    for row in rows:
        golden = '<br>'.join(f'{arch}: {difference}' for arch, difference in row.golden.items())
        cells = [
            row.name,
            f'{row.params:,}' if row.params else '-',
            '-' if row.flops is None else f'{row.flops / 1e9:.2f}',
            '-' if row.latency is None else f'{row.latency:.2f}',
            golden or '-',
            ', '.join(row.recipes) or '-',
        ]
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    models = single_frame_models()
    unknown = sorted(set(args.names) - set(models))
    if unknown:
        raise SystemExit(
            f'error: no base model {", ".join(unknown)} in configs/_base_/models; there are: {", ".join(models)}'
        )
    torch.set_num_threads(args.threads)
    records = {} if args.no_golden else golden_records()
    reference = MODELS.build(models[REFERENCE].model).eval() if args.rounds else None
    rows = []
    for name, cfg in models.items():
        if args.names and name not in args.names:
            continue
        print(f'{name} ...', file=sys.stderr, flush=True)
        row = make_row(name, cfg, args.size, records)
        if args.rounds:
            row.latency = latency_ratio(MODELS.build(cfg.model).eval(), reference, args.size, args.rounds)
        rows.append(row)
    table = markdown(rows, args.size)
    print(table)
    if args.page:
        write_table(args.page, TABLE, table + '\n')
    if args.out:
        args.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + '\n')
    wrong = [arch for row in rows for arch, difference in row.golden.items() if not difference.is_none]
    if wrong:
        raise SystemExit(f'error: not equal to the official code: {", ".join(wrong)}')


if __name__ == '__main__':
    main()
