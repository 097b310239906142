"""At which size a protocol was computed, and at which it is computed officially."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmirstd.evaluation.functional import ProtocolSpec
from mmirstd.evaluation.prediction_dump import PredictionDump


def evaluated_size(spec: ProtocolSpec, dump: PredictionDump) -> dict[str, Any]:
    """Say at which size the images of a dump were evaluated, and whether that is the protocol's.

    Args:
        spec: The protocol.
        dump: The run; the name of its data set is looked for in what its record says of data and config.

    Returns:
        ``computed`` and ``official``, words such as ``'native size (200 to 592 px)'`` and ``'512 x 512'``, the latter
        None where the official size is not known; ``same``, whether they are one, None where that is not known.
    """
    sizes = [(entry['height'], entry['width']) for entry in dump.entries]
    asked = dump.record.get('eval_size')
    computed = f'{asked} x {asked}' if isinstance(asked, int) else f'native size ({_range(sizes)})'
    if not spec.resolution:
        return dict(computed=computed, official=None, same=None)
    official = spec.official_size(_data_set(dump.record))
    if official is None:
        return dict(computed=computed, official='native size', same=not isinstance(asked, int))
    return dict(computed=computed, official=f'{official} x {official}', same=set(sizes) == {(official, official)})


def _data_set(record: dict[str, Any]) -> str:
    return ' '.join(str(record.get(key) or '') for key in ('data_root', 'data_set', 'config'))


def _range(sizes: Sequence[tuple[int, int]]) -> str:
    distinct = sorted(set(sizes))
    if len(distinct) == 1:
        return f'{distinct[0][0]} x {distinct[0][1]}'
    sides = [side for size in distinct for side in size]
    return f'sides of {min(sides)} to {max(sides)} px'
