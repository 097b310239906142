"""RPCANet and RPCANet++ (fengyiwu98/RPCANet, models/deepunfolding.py)."""

from __future__ import annotations

from .blocks import conv_bn_pairs
from .key_map import KeyMap

_STAGES = 6
_SOURCE = 'fengyiwu98/RPCANet models/deepunfolding.py'


def with_norm(official: str, ours: str, num_layers: int = 3) -> dict[str, str]:
    """Convolution, norm, ReLU; the last convolution alone."""
    prefixes = conv_bn_pairs(official, ours, *((3 * i, str(i)) for i in range(num_layers + 1)))
    prefixes[f'{official}.{3 * (num_layers + 1)}'] = f'{ours}.{num_layers + 1}.conv'
    return prefixes


def without_norm(official: str, ours: str, num_layers: int = 6) -> dict[str, str]:
    """Convolution, ReLU; the last convolution alone."""
    return {f'{official}.{2 * i}': f'{ours}.{i}.conv' for i in range(num_layers + 2)}


def _sparse(official: str, ours: str) -> dict[str, str]:
    prefixes = without_norm(f'{official}.convs', f'{ours}.net')
    prefixes[f'{official}.epsilon'] = f'{ours}.epsilon'
    return prefixes


def _prefixes() -> dict[str, str]:
    prefixes = {}
    for i in range(_STAGES):
        official, ours = f'decos.{i}', f'backbone.stages.{i}'
        prefixes.update(with_norm(f'{official}.lowrank.convs', f'{ours}.low_rank.net'))
        prefixes.update(_sparse(f'{official}.sparse', f'{ours}.sparse'))
        prefixes.update(with_norm(f'{official}.merge.mapping', f'{ours}.merge.net'))
    return prefixes


def _pp_prefixes() -> tuple[dict[str, str], dict[str, str]]:
    """Prefixes, and those of what the first stage never uses."""
    prefixes: dict[str, str] = {}
    unused: dict[str, str] = {}
    for i in range(_STAGES):
        official, ours = f'decos.{i}', f'backbone.stages.{i}'
        low_rank, ours_low_rank = f'{official}.lowrank', f'{ours}.low_rank'
        prefixes.update(conv_bn_pairs(f'{low_rank}.conv1_C', ours_low_rank, (0, 'enter.0')))
        for block, name in (('RB_1', 'enter.1'), ('RB_2', 'leave.0')):
            for j in (0, 1):
                prefixes[f'{low_rank}.{block}.conv{j + 1}'] = f'{ours_low_rank}.{name}.body.{j}.conv'
        prefixes[f'{low_rank}.convC_1'] = f'{ours_low_rank}.leave.1.conv'
        for gate in 'fioj':
            for kind, name in (('x', 'of_input'), ('h', 'of_state')):
                used = i > 0 or (kind == 'x' and gate != 'f')
                (prefixes if used else unused)[f'{low_rank}.ConvLSTM.conv_{kind}{gate}'] = (
                    f'{ours_low_rank}.memory.{name}.{gate}'
                )
        sparse, ours_sparse = f'{official}.sparse', f'{ours}.sparse'
        prefixes.update(_sparse(sparse, ours_sparse))
        prefixes[f'{sparse}.contrast.0'] = f'{ours_sparse}.enter.conv'
        prefixes[f'{sparse}.contrast.2.conv'] = f'{ours_sparse}.contrast.conv'
        prefixes.update(
            conv_bn_pairs(
                f'{sparse}.contrast.2.attn.avg_channel', f'{ours_sparse}.contrast.attention', (1, '0'), (4, '1')
            )
        )
        prefixes[f'{sparse}.contrast.3'] = f'{ours_sparse}.norm.0'
        prefixes[f'{sparse}.contrast.5'] = f'{ours_sparse}.leave.conv'
        prefixes.update(with_norm(f'{official}.merge.mapping', f'{ours}.merge.net'))
    return prefixes, unused


KEY_MAP = KeyMap(prefixes=_prefixes(), gray_convs=(), model='rpcanet', source=f'{_SOURCE} (RPCANet9)')

_PP_PREFIXES, _PP_UNUSED = _pp_prefixes()

PP_KEY_MAP = KeyMap(
    prefixes=_PP_PREFIXES,
    unused=_PP_UNUSED,
    gray_convs=(),
    model='rpcanet-pp',
    source=f'{_SOURCE} (RPCANet_LSTM)',
)
