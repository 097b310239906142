"""Everything known of each network, joined: measured figures, published and own IoU, license. To filter and to sort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmirstd.costs.backend_names import STREAMING
from mmirstd.evaluation.official_weights import read_official_weights
from mmirstd.key_maps import ARCHS
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.resources import resource_root
from mmirstd.utils.result_table import ResultCell, ResultColumn, ResultRow, ResultTable

from .record import SIZE, read_record

#: Data set whose IoU is shown where none is asked for: the one most networks have figures of.
DATA_SET = 'nudt-sirst-663-664'


@dataclass(frozen=True)
class ZooEntry:
    """A network.

    Attributes:
        name: The first field of its configs' names.
        params: Number of parameters, 0 for a classical method.
        flops: Of one gray image of 256x256, None for a classical method.
        time: Backend -> median CPU time of one thread over that of GGL-Net with PyTorch.
        golden: ``--arch`` name -> ``equal`` or the difference.
        license: Of the official code, '' where we wrote the method from a paper alone.
        recipes: Of its configs.
        published: Data set -> IoU of the official weights.
        own: Data set -> highest IoU of our records.
        costs: Backend -> ``ms``, ``ms_p95``, ``mib``, ``joules`` of an image, where they are known.
        machine: The CPU and the versions that they were measured with.
        frames: Of a clip; 1 of networks of single images.
    """

    name: str
    params: int
    flops: int | None
    time: dict[str, float] = field(default_factory=dict)
    golden: dict[str, str] = field(default_factory=dict)
    license: str = ''
    recipes: tuple[str, ...] = ()
    published: dict[str, float] = field(default_factory=dict)
    own: dict[str, float] = field(default_factory=dict)
    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)
    frames: int = 1

    @property
    def is_equal(self) -> bool:
        """Whether it was compared with an official code, and equals it."""
        return bool(self.golden) and all(text.startswith('equal') for text in self.golden.values())


#: ``--sort`` -> value to sort by, of an entry, a data set and a backend; what lacks it comes last.
SORTS: dict[str, Callable[[ZooEntry, str, str], Any]] = {
    'name': lambda entry, *_: entry.name,
    'params': lambda entry, *_: entry.params or None,
    'gflops': lambda entry, *_: entry.flops,
    'time': lambda entry, _, backend: entry.time.get(backend),
    'memory': lambda entry, _, backend: entry.costs.get(backend, {}).get('mib'),
    'published': lambda entry, data_set, _: _descending(entry.published.get(data_set)),
    'own': lambda entry, data_set, _: _descending(entry.own.get(data_set)),
}
#: Backends in the page's table of costs.
PAGE_BACKENDS = ('torch folded', 'onnxruntime', 'openvino')
#: Backends in the page's table of costs of clips.
CLIP_BACKENDS = ('torch', 'onnxruntime', 'openvino', 'openvino bf16')


def read_catalog(record: Path | None = None) -> list[ZooEntry]:
    """All networks of the record, by name.

    Args:
        record: See :func:`.record.read_record`.

    Raises:
        ConfigError: The record or a metafile cannot be read.
    """
    published: dict[str, dict[str, float]] = {}
    # The entry that is called like the network is its authors'; others are retrained copies.
    for entry in sorted(read_official_weights().values(), key=lambda entry: entry.name):
        base = ARCHS[entry.arch].network
        for data_set, figures in entry.published.items():
            if 'IoU' in figures and (entry.name == base or data_set not in published.get(base, {})):
                published.setdefault(base, {})[data_set] = figures['IoU']
    own, licenses, recipes = _metafiles()
    return [
        ZooEntry(
            name=name,
            params=figures['params'],
            flops=figures.get('flops'),
            time=figures.get('time') or {},
            costs=figures.get('costs') or {},
            machine=figures.get('machine') or {},
            frames=figures.get('frames') or 1,
            golden=figures.get('golden') or {},
            license=licenses.get(name, ''),
            recipes=tuple(recipes.get(name, ())),
            published=published.get(name, {}),
            own=own.get(name, {}),
        )
        for name, figures in read_record(record).items()
    ]


def select(
    entries: Sequence[ZooEntry],
    names: Sequence[str] = (),
    max_gflops: float | None = None,
    max_params: float | None = None,
    max_time: float | None = None,
    equal: bool = False,
    license: str | None = None,
    kind: str | None = None,
    backend: str = 'torch',
) -> list[ZooEntry]:
    """The entries that fit. What has no figure of a kind that is limited does not fit.

    Args:
        entries: To choose from.
        names: Parts of names; none: all.
        max_gflops: Of one image of 256x256.
        max_params: In millions.
        max_time: CPU time over GGL-Net's.
        equal: Only those that equal their official code.
        license: Part of the official code's license, case does not matter.
        kind: ``'learned'`` or ``'classical'``.
        backend: Whose time ``max_time`` limits.

    Raises:
        ConfigError: A name that fits nothing.
    """
    unknown = [name for name in names if not any(name in entry.name for entry in entries)]
    if unknown:
        raise ConfigError(
            f'no network is called {", ".join(unknown)}', expected=', '.join(entry.name for entry in entries)
        )
    return [
        entry
        for entry in entries
        if (not names or any(name in entry.name for name in names))
        and _at_most(None if entry.flops is None else entry.flops / 1e9, max_gflops)
        and _at_most(entry.params / 1e6 or None, max_params)
        and _at_most(entry.time.get(backend), max_time)
        and (entry.is_equal or not equal)
        and (license is None or license.lower() in entry.license.lower())
        and (kind is None or (kind == 'learned') == (entry.params > 0))
    ]


def backends_of(entries: Sequence[ZooEntry]) -> list[str]:
    """The backends that anything was measured in, PyTorch first."""
    found = {backend for entry in entries for backend in (*entry.time, *entry.costs)}
    return sorted(found, key=lambda name: (not name.startswith('torch'), name))


def sort_entries(
    entries: Sequence[ZooEntry], by: str = 'name', data_set: str = DATA_SET, backend: str = 'torch'
) -> list[ZooEntry]:
    """By a key of :data:`SORTS`: costs from the least, IoU from the highest; what lacks the figure comes last."""
    key = SORTS[by]
    return sorted(entries, key=lambda entry: ((value := key(entry, data_set, backend)) is None, value or 0, entry.name))


def zoo_table(entries: Sequence[ZooEntry], data_set: str = DATA_SET) -> ResultTable:
    """The table of the terminal, of files and of the page.

    Args:
        entries: Its rows.
        data_set: Whose IoU is shown.
    """
    timed = {backend for entry in entries for backend in entry.time if not backend.endswith(STREAMING)}
    backends = [backend for backend in backends_of(entries) if backend in timed]
    columns = (
        ResultColumn('network'),
        ResultColumn('parameters (M)', '.2f'),
        ResultColumn(f'GFLOPs at {SIZE}x{SIZE}', '.2f'),
        *(ResultColumn(f'time, {backend}', '.2f') for backend in backends),
        ResultColumn('published IoU', '.3f', 'higher'),
        ResultColumn('own IoU', '.3f', 'higher'),
        ResultColumn('equal to the official code'),
        ResultColumn('its license'),
        ResultColumn('recipes'),
    )
    rows = []
    for entry in entries:
        cells: tuple[ResultCell, ...] = (
            entry.name,
            entry.params / 1e6 or None,
            None if entry.flops is None else entry.flops / 1e9,
            *(entry.time.get(backend) for backend in backends),
            entry.published.get(data_set),
            entry.own.get(data_set),
            ', '.join(f'{arch}: {text}' for arch, text in entry.golden.items()) or None,
            entry.license or None,
            ', '.join(entry.recipes) or None,
        )
        rows.append(ResultRow(cells))
    notes = (
        f'IoU on {data_set}: published with the official weights, and the highest of our own that a metafile lists '
        '(budgets differ).',
        'Time: median of one image on one CPU thread over that of GGL-Net with PyTorch; all took turns.',
    )
    return ResultTable(columns, tuple(rows), notes, 'The zoo')


def zoo_costs(entries: Sequence[ZooEntry], backends: Sequence[str]) -> ResultTable:
    """What an image costs: latency, images a second, memory and energy, as the record has them.

    Args:
        entries: Its rows; those without costs in these backends are left out.
        backends: Each has its columns.
    """
    shown = [entry for entry in entries if any(backend in entry.costs for backend in backends)]
    parts = {
        'ms': ('.1f', lambda cost: cost.get('ms')),
        'ms, p95': ('.1f', lambda cost: cost.get('ms_p95')),
        'images/s': ('.1f', lambda cost: 1000 / cost['ms'] if cost.get('ms') else None),
        'peak MiB': ('.0f', lambda cost: cost.get('mib')),
        'J': ('.2f', lambda cost: cost.get('joules')),
    }
    columns = [
        (f'{heading}, {backend}', form, backend, value)
        for backend in backends
        for heading, (form, value) in parts.items()
        if any(value(entry.costs.get(backend, {})) is not None for entry in shown)
    ]
    rows = [
        ResultRow(
            (
                entry.name,
                entry.params / 1e6 or None,
                None if entry.flops is None else entry.flops / 1e9,
                *(value(entry.costs.get(backend, {})) for _, _, backend, value in columns),
            )
        )
        for entry in shown
    ]
    return ResultTable(
        (
            ResultColumn('network'),
            ResultColumn('parameters (M)', '.2f'),
            ResultColumn(f'GFLOPs at {SIZE}x{SIZE}', '.2f'),
            *(ResultColumn(heading, form) for heading, form, _, _ in columns),
        ),
        tuple(rows),
        (
            f'One image of {SIZE}x{SIZE}, one thread, CPU time; of a network of clips a clip, or a frame (streaming). '
            + _MEMORY,
            *_machines(shown),
        ),
        'What an image costs',
    )


def zoo_clip_costs(entries: Sequence[ZooEntry], backends: Sequence[str]) -> ResultTable:
    """What a frame of a sequence costs networks of clips, whole clips beside the stream: a row a network and backend.

    Args:
        entries: Networks of single images are left out.
        backends: Without :data:`STREAMING`.
    """
    shown = [entry for entry in entries if entry.frames > 1]
    columns = (
        ResultColumn('network'),
        ResultColumn('frames', 'd'),
        ResultColumn('parameters (M)', '.2f'),
        ResultColumn('GFLOPs, clip', '.2f'),
        ResultColumn('backend'),
        ResultColumn('ms, clip', '.1f', 'lower'),
        ResultColumn('ms, p95, clip', '.1f', 'lower'),
        ResultColumn('peak MiB, clip', '.0f', 'lower'),
        ResultColumn('ms, streaming', '.1f', 'lower'),
        ResultColumn('ms, p95, streaming', '.1f', 'lower'),
        ResultColumn('frames/s, streaming', '.1f', 'higher'),
        ResultColumn('peak MiB, streaming', '.0f', 'lower'),
    )
    rows = []
    for entry in shown:
        about: tuple[ResultCell, ...] = (
            entry.name,
            entry.frames,
            entry.params / 1e6,
            None if entry.flops is None else entry.flops / 1e9,
        )
        for backend in backends:
            clip, stream = entry.costs.get(backend, {}), entry.costs.get(backend + STREAMING, {})
            if not clip and not stream:
                continue
            rate = 1000 / stream['ms'] if stream.get('ms') else None
            cells = (clip.get('ms'), clip.get('ms_p95'), clip.get('mib'), stream.get('ms'), stream.get('ms_p95'), rate)
            rows.append(ResultRow((*about, backend, *cells, stream.get('mib'))))
            about = ('', '', '', '')
    notes = (
        f'The result of one frame of {SIZE}x{SIZE}, one thread, CPU time. Clip: all frames go through the network. '
        'Streaming: the frame alone, with what is kept of those before it; "-": there is no such form, as each clip is '
        f'aligned anew. PyTorch runs detectors with folded norms in the stream. {_MEMORY}',
        *_machines(shown),
    )
    return ResultTable(columns, tuple(rows), notes, 'What a frame costs')


_MEMORY = (
    'Peak memory is of a process that does nothing else, with its libraries; exported files run without PyTorch. Other '
    'programs ran meanwhile.'
)


def _machines(entries: Sequence[ZooEntry]) -> list[str]:
    found = dict.fromkeys(
        f'{entry.machine["cpu"]}; '
        + ', '.join(f'{name} {text}' for name, text in entry.machine.items() if name != 'cpu')
        for entry in entries
        if entry.machine
    )
    return [f'Measured on {text}.' for text in found]


def _metafiles() -> tuple[dict[str, dict[str, float]], dict[str, str], dict[str, list[str]]]:
    """Own IoU by network and data set, license by network, recipes by network."""
    import yaml

    own: dict[str, dict[str, float]] = {}
    licenses: dict[str, str] = {}
    recipes: dict[str, list[str]] = {}
    for path in sorted((resource_root() / 'configs').glob('*/metafile.yml')):
        content = yaml.safe_load(path.read_text(encoding='utf-8')) or {}
        known = {item['Name']: (item.get('Converted From') or {}) for item in content.get('Collections') or ()}
        for model in content.get('Models') or ():
            parts = Path(model['Config']).stem.split('_')
            name = parts[0]
            licenses.setdefault(name, str(known.get(model.get('In Collection'), {}).get('License') or ''))
            if len(parts) > 2 and parts[1] not in recipes.setdefault(name, []):
                recipes[name].append(parts[1])
            for result in model.get('Results') or ():
                if 'IoU' in (result.get('Metrics') or {}):
                    data_set = str(result['Dataset']).lower().replace(' ', '-').replace('/', '-')
                    figures = own.setdefault(name, {})
                    figures[data_set] = max(figures.get(data_set, 0.0), float(result['Metrics']['IoU']))
    return own, licenses, {name: sorted(found) for name, found in recipes.items()}


def _at_most(value: float | None, limit: float | None) -> bool:
    return limit is None or (value is not None and value <= limit)


def _descending(value: float | None) -> float | None:
    return None if value is None else -value
