"""Choose the threshold of a classical method on training images: ``mmirstd choose-threshold CONFIG --k K [K ...]``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmirstd.utils.commands import command_line
from mmirstd.utils.config_parts import bare_type
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.resources import resource_root

from .arguments import add_cfg_options_argument, add_data_argument, make_parser

if TYPE_CHECKING:
    import numpy as np
    from mmengine.config import Config

DESCRIPTION = """\
Choose the threshold of a classical method, and one parameter with it, on training images.

Each image is filtered once for each value of the parameter, then thresholded at mean + k * std of its map for every k.
No test image takes part. --out keeps the figures with options, commit and versions, and what it holds is not measured
again; --readme puts them as a table between <!-- benchmark:choose-threshold/METHOD --> and <!-- /benchmark --> in that
file, where METHOD is the folder of the config.
"""
EXAMPLES = """
{choose-threshold} configs/mpcm/mpcm_nuaa-sirst-341-86.py --k 4 8 12 16 --limit 80 \
    --vary model.polarity bright both --cfg-options data_root=PATH
"""
SHOWN = ('IoU', 'nIoU', 'Pd', 'Fa_e6')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = make_parser('choose-threshold', DESCRIPTION, EXAMPLES)
    parser.add_argument('config', help='config of a classical method')
    parser.add_argument('--k', type=float, nargs='+', required=True, help='standard deviations above the mean to try')
    parser.add_argument('--vary', nargs='+', metavar=('KEY', 'VALUE'), help='a parameter and the values to try')
    parser.add_argument(
        '--limit', type=int, default=0, metavar='N', help='take N images, evenly spaced through the list; 0: all'
    )
    parser.add_argument('--out', type=Path, metavar='FILE.json', help='keep the figures here')
    parser.add_argument('--readme', type=Path, metavar='FILE.md', help='write the table here, between its markers')
    add_data_argument(parser)
    add_cfg_options_argument(parser, 'override config entries')
    args = parser.parse_args(argv)
    if args.vary and len(args.vary) < 2:
        parser.error(f'--vary {args.vary[0]}: expected a key and its values')
    return args


def question(args: argparse.Namespace) -> dict[str, Any]:
    """What is asked, as the record holds it."""
    import yaml

    root = resource_root()
    config = Path(args.config).resolve()
    options = {key: value for key, value in args.cfg_options.items() if key != 'data_root'}
    key, *values = args.vary or [None, None]
    return dict(
        config=config.relative_to(root).as_posix() if config.is_relative_to(root) else config.name,
        data_set=args.data,
        cfg_options=options,
        vary=key,
        values=[value if value is None else yaml.safe_load(value) for value in values],
        k=args.k,
        limit=args.limit,
    )


def training_data(cfg: Config) -> dict[str, Any]:
    """The training data set's entry, all images of its list with their masks, loaded as for a test.

    Raises:
        ConfigError: The config trains on no data set, or on one that wraps others.
    """
    loader = cfg.get('train_dataloader') or {}
    source, tested = loader.get('dataset'), cfg.test_dataloader.dataset
    if source is None or 'dataset' in source or 'datasets' in source:
        found = 'nothing' if source is None else f'a {bare_type(source)}'
        raise ConfigError(
            f'{cfg.filename}: train_dataloader.dataset is {found}, and thresholds are chosen on one list of images',
            expected='one data set with images and masks',
            cure='name one by --data, for example nuaa-sirst-341-86',
        )
    source = source.copy()
    for key in ('holdout', 'points'):
        source.pop(key, None)
    source.pipeline, source.test_mode = tested.pipeline, True  # native size, no augmentation
    return source


def training_maps(cfg: Config, limit: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Saliency map and mask, both (H, W), of the training images at native size."""
    import numpy as np

    from mmirstd.engine.config_errors import explain_config_errors
    from mmirstd.engine.config_scope import use_config_scope
    from mmirstd.models.segmentors import ClassicalSegmentor
    from mmirstd.registry import DATASETS, MODELS

    use_config_scope(cfg)
    with explain_config_errors(cfg.filename):
        model = MODELS.build(cfg.model)
    if not isinstance(model, ClassicalSegmentor):
        raise ConfigError(
            f'{cfg.filename}: its {type(model).__name__} is a network, which has a threshold of its own',
            expected='a classical method, such as configs/mpcm/mpcm_nuaa-sirst-341-86.py',
            cure=command_line('calibrate', 'CONFIG', 'CKPT'),
        )
    dataset = DATASETS.build(training_data(cfg))
    chosen: Sequence[int] = range(len(dataset))
    if 0 < limit < len(dataset):
        chosen = np.linspace(0, len(dataset) - 1, limit).astype(int).tolist()
    for index in chosen:
        sample = dataset[index]
        mask = sample['data_samples'].gt_sem_seg.data[0].numpy() > 0
        image = sample['inputs'][0].numpy().astype(np.float32)
        image = image[: mask.shape[0], : mask.shape[1]]  # without the padding at right and bottom
        yield np.maximum(np.asarray(model.saliency(np.ascontiguousarray(image)), np.float64), 0), mask


def table(maps: Sequence[tuple[np.ndarray, np.ndarray]], ks: Sequence[float]) -> list[dict[str, float]]:
    """Measures of the default protocol for every k, with the key ``k``."""
    import numpy as np

    from mmirstd.evaluation.functional import evaluate

    rows = []
    for k in ks:
        pairs = (((s > s.mean() + k * s.std()).astype(np.float32), mask) for s, mask in maps)
        rows.append(dict(k=k, **evaluate('default', pairs)))
    return rows


def answer(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every value with every k."""
    from mmirstd.engine.config_files import load_config
    from mmirstd.engine.provenance import data_state, git_state, versions

    asked, figures = question(args), []
    for value in asked['values']:
        options = args.cfg_options if value is None else {**args.cfg_options, asked['vary']: value}
        cfg = load_config(args.config, options, args.data)
        maps = list(training_maps(cfg, args.limit))
        for row in table(maps, args.k):
            figures.append(dict(value=value, k=row['k'], **{name: row[name] for name in SHOWN}))
            print(
                (f'{asked["vary"]} = {value}, ' if asked['vary'] else '')
                + f'k = {row["k"]:g}: '
                + ', '.join(f'{name} {row[name]:.4g}' for name in SHOWN),
                flush=True,
            )
    data = data_state(dict(test_dataloader=dict(dataset=training_data(cfg))))
    return dict(
        **asked,
        images=len(maps),
        data=data,
        git=git_state(resource_root(), Path(args.config)),
        versions=versions(),
        figures=figures,
    )


def read_answer(args: argparse.Namespace) -> dict[str, Any] | None:
    """What ``--out`` has; None where it is not there yet.

    Raises:
        ConfigError: It answers another question.
    """
    if args.out is None or not args.out.is_file():
        return None
    record, asked = json.loads(args.out.read_text(encoding='utf-8')), question(args)
    for key, value in asked.items():
        if record.get(key) != value:
            raise ConfigError(
                f'{args.out}: was made with {key} {record.get(key)!r}, asked is {value!r}.\n  cure: '
                'delete it to measure anew, or give another --out'
            )
    return record


def best(record: dict[str, Any]) -> dict[str, Any]:
    """The figures of the highest IoU."""
    return max(record['figures'], key=lambda row: row['IoU'])


def markdown(record: dict[str, Any], log: str | None = None) -> str:
    """A row a value, a column a k: IoU / Pd, the highest IoU bold.

    Args:
        record: From :func:`answer`.
        log: Link to the record, relative to the README.
    """
    name = (record['vary'] or '').rpartition('.')[2]
    lines = [
        '| ' + ' | '.join([name, *(f'k = {k:g}' for k in record['k'])]) + ' |',
        '|---:' * (len(record['k']) + 1) + '|',
    ]
    for value in record['values']:
        cells = []
        for row in record['figures']:
            if row['value'] == value:
                text = f'{row["IoU"]:.3f} / {row["Pd"]:.3f}'
                cells.append(f'**{text}**' if row is best(record) else text)
        lines.append('| ' + ' | '.join(['' if value is None else str(value), *cells]) + ' |')
    commit = (record['git']['commit'] or 'no git')[:9] + ('+' if record['git']['dirty'] else '')
    lines += [
        '',
        f'IoU / Pd on {record["images"]} training images, default protocol, native size; bold: the highest '
        f'IoU. Commit {commit}. Made by `tools/analysis_tools/choose_threshold.py`'
        + (f'; all figures, options and versions: [{Path(log).name}]({log}).' if log else '.'),
    ]
    return '\n'.join(lines) + '\n'


def main(argv: list[str] | None = None) -> None:
    """Command line entry."""
    args = parse_args(argv)
    from mmirstd.benchmark import write_record, write_table

    record = read_answer(args)
    if record is None:
        record = answer(args)
        if args.out:
            write_record(args.out, record)
    else:
        print(f'{args.out} has the figures')
    first = best(record)
    print(
        f'best IoU {first["IoU"]:.4f} of {record["images"]} training images with k = {first["k"]:g}'
        + (f' and {record["vary"]} = {first["value"]}' if record['vary'] else '')
    )
    if args.readme:
        log = Path(os.path.relpath(args.out, args.readme.parent)).as_posix() if args.out else None
        name = f'choose-threshold/{Path(args.config).resolve().parent.name}'
        print(
            f'table {name}: {args.readme}'
            + ('' if write_table(args.readme, name, markdown(record, log)) else ' (unchanged)')
        )
