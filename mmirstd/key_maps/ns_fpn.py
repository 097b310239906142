"""MSHNet with NS-FPN (mengduann/NS-FPN, model/MSHNet_NSFPN.py, NS_FPN.py, diff_cross_attns.py)."""

from __future__ import annotations

from .blocks import spatial_attention_weights
from .key_map import KeyMap, swap_inputs
from .mshnet import mshnet_prefixes

_LEVELS = 4


def _prefixes() -> dict[str, str]:
    prefixes = mshnet_prefixes(decoder='neck.1')
    # The deepest fusion keeps its channels (64 + 64), so its shortcut is the identity.
    for official in ('decoder_3.0.shortcut.0', 'decoder_3.0.shortcut.1'):
        del prefixes[official]
    for i in range(_LEVELS):
        for name in ('lateral_convs', 'fpn_convs'):
            prefixes[f'fpn.{name}.{i}.module.0'] = f'neck.0.pyramid.{name}.{i}.conv'
            prefixes[f'fpn.{name}.{i}.module.1'] = f'neck.0.pyramid.{name}.{i}.bn'
        official, ours = f'fpn.wavenhance_list.{i}', f'neck.0.pyramid.purifications.{i}'
        prefixes[f'{official}.attention.conv1'] = f'{ours}.attention.conv'
        prefixes[f'{official}.gaussian_filter.sigmas.0'] = f'{ours}.blur.sigma'
    for i in range(_LEVELS - 1):
        official, ours = f'fpn.crossattn_list.{i}', f'neck.0.pyramid.samplings.{i}'
        prefixes[f'{official}.shared_offsets_residual'] = f'{ours}.shift'
        for name in ('query', 'key'):
            prefixes[f'{official}.{name}_Conv.0'] = f'{ours}.{name}.conv'
            prefixes[f'{official}.{name}_Conv.1'] = f'{ours}.{name}.bn'
        for name in ('query_norm', 'key_norm', 'out_norm'):
            prefixes[f'{official}.{name}'] = f'{ours}.{name}'
        for name, our_name in (
            ('attention_weights', 'weights'),
            ('value_proj', 'value'),
            ('output_proj', 'projection'),
        ):
            prefixes[f'{official}.attn.{name}'] = f'{ours}.{our_name}'
    return prefixes


def _constants() -> tuple[str, ...]:
    """Haar's filters and the spirals."""
    filters = (f'fpn.wavenhance_list.{i}.{name}' for i in range(_LEVELS) for name in ('dwt', 'idwt'))
    return (*filters, *(f'fpn.crossattn_list.{i}.offset_base' for i in range(_LEVELS - 1)))


_PREFIXES = _prefixes()

KEY_MAP = KeyMap(
    prefixes=_PREFIXES,
    gray_convs=('backbone.stem.weight',),
    model='mshnet-nsfpn',
    source='mengduann/NS-FPN model/MSHNet_NSFPN.py',
    transforms=dict.fromkeys(
        [
            *spatial_attention_weights(_PREFIXES),
            *(f'neck.0.pyramid.purifications.{i}.attention.conv.weight' for i in range(_LEVELS)),
        ],
        swap_inputs,
    ),
    dropped=_constants(),
)
