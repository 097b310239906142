"""Parts of YOLOX that the detectors of UESTC-nnLab and its followers share.

mmdet's CSPDarknet, CSP layers and YOLOX head order their layers, their concatenations and the Focus stem's four
positions as the official codes do, so renaming is all; only the head's stem is, as everywhere in mmdet, the last
convolution of the neck.
"""

from __future__ import annotations

_CSP = dict(conv1='main_conv', conv2='short_conv', conv3='final_conv', m='blocks')


def _csp(official: str, ours: str) -> dict[str, str]:
    return {f'{official}.{old}': f'{ours}.{new}' for old, new in _CSP.items()}


def darknet(root: str) -> dict[str, str]:
    """``CSPDarknet`` at ``root`` (with a dot at its end, if any)."""
    prefixes = {f'{root}stem': 'backbone.stem'}
    for number in range(1, 5):
        official, ours = f'{root}dark{number + 1}', f'backbone.stage{number}'
        last = 2 if number == 4 else 1
        prefixes.update({f'{official}.{i}': f'{ours}.{i}' for i in range(last)})
        prefixes.update(_csp(f'{official}.{last}', f'{ours}.{last}'))
    return prefixes


def pyramid(root: str) -> dict[str, str]:
    """CSPDarknet and the top-down pyramid, ``Feature_Extractor`` at ``root`` (with a dot at its end, if any)."""
    return {
        **darknet(f'{root}backbone.'),
        f'{root}lateral_conv0': 'neck.reduce_layers.0',
        f'{root}reduce_conv1': 'neck.reduce_layers.1',
        **_csp(f'{root}C3_p4', 'neck.top_down_blocks.0'),
        **_csp(f'{root}C3_p3', 'neck.top_down_blocks.1'),
    }


def concat_fusion() -> dict[str, str]:
    """``Feature_Fusion`` of STMENet and TDCNet: two of its layers work."""
    return {
        'feature_fusion.lateral_conv0': 'temporal_neck.fusion.joins.0',
        'feature_fusion.reduce_conv1': 'temporal_neck.fusion.joins.1',
    }


def head() -> dict[str, str]:
    """``YOLOXHead`` of one level, its stem at the end of the temporal neck."""
    prefixes = {'head.stems.0': 'temporal_neck.out_conv.0'}
    for branch in ('cls', 'reg'):
        prefixes[f'head.{branch}_convs'] = f'bbox_head.multi_level_{branch}_convs'
    for branch in ('cls', 'reg', 'obj'):
        prefixes[f'head.{branch}_preds'] = f'bbox_head.multi_level_conv_{branch}'
    return prefixes
