"""Findings about images: what cannot be read, bit depths, channels, values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..bit_depth import DEPTHS
from .finding import Finding
from .scan import Checked


def image_findings(checked: Checked) -> Iterator[Finding]:
    """All of this file."""
    yield from _unreadable(checked)
    yield from _types(checked)
    for split in checked.splits:
        yield from _values(checked, split.name)


def _unreadable(checked: Checked) -> Iterator[Finding]:
    broken: dict[str, tuple[str, set[str]]] = {}
    for split, sample, image, label in checked:
        if image.problem and sample.image:
            broken.setdefault(sample.image, (image.problem, set()))[1].add(split.name)
        if label.kind == 'unreadable' and sample.label.mask:
            broken.setdefault(sample.label.mask, (label.problem, set()))[1].add(split.name)
    if broken:
        yield Finding(
            'error',
            'unreadable',
            checked.names(set().union(*(names for _, names in broken.values()))),
            f'{len(broken)} file(s) cannot be read',
            'get them again, or take them off the lists',
            tuple(f'{path}: {problem}' for path, (problem, _) in sorted(broken.items())),
        )


def _types(checked: Checked) -> Iterator[Finding]:
    """Kinds of pixels, over all splits: a network that was trained on one is tested on the other."""
    types: dict[str, list[str]] = {}
    channels: dict[str, list[str]] = {}
    for _, sample, image, _ in checked:
        if image.dtype and sample.image:
            types.setdefault(image.dtype, []).append(sample.image)
            channels.setdefault(image.channels, []).append(sample.image)
    every = checked.names()
    if len(types) > 1:
        rare = min(types, key=lambda name: len(types[name]))
        yield Finding(
            'warning',
            'bit depths',
            every,
            'images of several types: ' + _counted(types) + f'; the list is of those with {rare}',
            'convert them to one type, or set bit_depth if the 16-bit files hold fewer bits',
            tuple(sorted(set(types[rare]))),
        )
    color = sorted({path for name, paths in channels.items() if name.startswith('color') for path in paths})
    if color:
        yield Finding(
            'note',
            'channels',
            every,
            f'{len(color)} image(s) have color channels that differ; their '
            'luminance 0.299 R + 0.587 G + 0.114 B is taken',
            'if a color map was applied, take the images from before it',
            tuple(color),
        )
    elif len({name.split(' and ')[0] for name in channels}) > 1:
        yield Finding(
            'note', 'channels', every, f'images of several kinds: {_counted(channels)}; all are read as one channel'
        )
    alpha = sorted({path for name, paths in channels.items() if name.endswith('alpha') for path in paths})
    if alpha:
        yield Finding(
            'note',
            'channels',
            every,
            f'{len(alpha)} image(s) have an alpha channel, which is left out',
            '',
            tuple(alpha),
        )


def _values(checked: Checked, name: str) -> Iterator[Finding]:
    split = next(split for split in checked.splits if split.name == name)
    rows = [(sample.image, image) for _, sample, image, _ in checked.of(split) if image.dtype]
    nonfinite = [f'{path}: {image.nonfinite} pixels' for path, image in rows if image.nonfinite]
    if nonfinite:
        yield Finding(
            'error',
            'not finite',
            (name,),
            f'{len(nonfinite)} image(s) hold NaN or infinity',
            "repair them, or --cfg-options nonfinite='median'",
            tuple(nonfinite),
        )
    constant = [f'{path}: {image.low:g}' for path, image in rows if image.low == image.high]
    if constant:
        yield Finding(
            'warning',
            'constant',
            (name,),
            f'{len(constant)} image(s) have one value in every pixel',
            'take them off the lists',
            tuple(constant),
        )
    codes = [(path, image.high) for path, image in rows if image.dtype == 'uint16']
    if codes:
        largest = max(high for _, high in codes)
        depth = next((depth for depth in DEPTHS if largest < 2**depth), None)
        if split.bit_depth is not None:
            beyond = [f'{path}: {high:g}' for path, high in codes if high >= 2**split.bit_depth]
            if beyond:
                yield Finding(
                    'error',
                    'bit depth',
                    (name,),
                    f'{len(beyond)} of {len(codes)} 16-bit images hold '
                    f'values beyond bit_depth={split.bit_depth} (largest {2**split.bit_depth - 1})',
                    'set the right bit_depth',
                    tuple(beyond),
                )
        elif depth is not None and largest and split.float_range:
            yield Finding(
                'warning',
                'bit depth',
                (name,),
                f'all {len(codes)} 16-bit images stay below 2^{depth} '
                f'(largest value {largest:g}); if their codes have {depth} bits, dividing by 65535 makes '
                f'them {65535 / (2**depth - 1):.0f} times too dark',
                f'--cfg-options bit_depth={depth}',
            )
    if split.float_range:
        floats = [
            f'{path}: {image.low:g} to {image.high:g}'
            for path, image in rows
            if image.dtype == 'float32' and (image.low < -1e-6 or image.high > 1 + 1e-6)
        ]
        if floats:
            yield Finding(
                'error',
                'float values',
                (name,),
                f'{len(floats)} float image(s) have values outside 0..1, and nothing says what full scale is',
                "--cfg-options max_value=NUMBER, or normalize='minmax'",
                tuple(floats),
            )


def _counted(groups: dict[str, list[str]]) -> str:
    return ', '.join(
        f'{number} {name}'
        for name, number in Counter({name: len(set(paths)) for name, paths in groups.items()}).most_common()
    )
