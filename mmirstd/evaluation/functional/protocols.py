"""Named evaluation protocols, as data.

Published tables of IRSTD were made with different definitions under the same
names. A protocol says exactly what one code does, its known defects included,
so that a number can be compared with the table it stands in. The official
implementations were read and run; their figures on recorded cases are what the
tests of this module compare with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .binarize import PredictionRule
from .overlap import IouRule, NiouRule, PixelRule
from .pd_fa import TargetRule
from .roc_rule import RocRule

Rule = IouRule | NiouRule | PixelRule | RocRule | TargetRule


@dataclass(frozen=True)
class ProtocolSpec:
    """One protocol.

    Attributes:
        name: Its name, the prefix of its measures.
        description: One sentence.
        source: The repository whose code it restates.
        parts: Part name -> rule. A measure is named after its rule's (``IoU``, ``Pd``); those of a
            part whose name contains a colon (``targets:centroid``) get what follows as a suffix.
        resolution: Data set -> side in pixels to which the official code resizes image (bilinear) and
            mask (nearest) before it evaluates; None: native size; ``*``: any other data set. Empty when
            not known. The 3-px rule applies at that resolution: use ``mmirstd.ResizeForEvaluation``.
        defects: What is wrong or surprising in it, one sentence each.
    """

    name: str
    description: str
    source: str
    parts: Mapping[str, Rule]
    resolution: Mapping[str, int | None] = field(default_factory=lambda: MappingProxyType({}))
    defects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, 'parts', MappingProxyType(dict(self.parts)))
        object.__setattr__(self, 'resolution', MappingProxyType(dict(self.resolution)))

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping cannot be pickled; the protocol may have to (process start, copies).
        return type(self), (
            self.name,
            self.description,
            self.source,
            dict(self.parts),
            dict(self.resolution),
            self.defects,
        )

    @property
    def target_rule(self) -> TargetRule:
        """The rule of the part ``targets``: how this protocol matches targets.

        Raises:
            KeyError: It has no such part.
        """
        rule = self.parts['targets']
        assert isinstance(rule, TargetRule)
        return rule

    def official_size(self, path: str) -> int | None:
        """The side to which the official code resizes, None for native size or where it is not known.

        Args:
            path: Of the data set, whose name may be in it.
        """
        data_set = next((name for name in self.resolution if name != '*' and name.lower() in path.lower()), '*')
        return self.resolution.get(data_set)

    def with_threshold(self, value: float) -> ProtocolSpec:
        """The same protocol with another threshold (``score > value``) in every part with a prediction rule."""
        import dataclasses

        parts = {
            name: rule
            if isinstance(rule, RocRule)
            else dataclasses.replace(
                rule, prediction=dataclasses.replace(rule.prediction, value=float(value), logit=False)
            )
            for name, rule in self.parts.items()
        }
        return dataclasses.replace(self, parts=parts)

    def describe(self) -> str:
        """A few lines for a person."""
        lines = [f'{self.name}: {self.description}', f'  source: {self.source}']
        lines += [f'  {name}: {rule}' for name, rule in self.parts.items()]
        if self.resolution:
            sizes = (f'{name}: {size or "native"}' for name, size in self.resolution.items())
            lines.append(f'  resolution: {", ".join(sizes)}')
        return '\n'.join(lines + [f'  note: {defect}' for defect in self.defects])


_HALF = PredictionRule(0.5)
_LOGIT = PredictionRule(0.0, logit=True)
_MAX_HALF = PredictionRule(0.5, normalize_max=True)
_STRETCHED = PredictionRule(0.22, normalize_range=True)

_EMPTY_IS_ZERO = 'An image without target and without prediction counts 0 in nIoU.'
_AREA_VALUE = (
    'A false alarm whose area equals that of any matched component of its image is not counted, so Fa is too low.'
)
_FIRST_MATCH = 'A target takes the first prediction nearer than 3 px in raster order, not the nearest.'
_TRUNCATED = 'Soft masks are truncated to integers: values below 1 become background.'
_TORCH_IOU = 'On soft masks pixAcc counts mask > 0, the intersection mask == 1 and the union 0.5 <= mask <= 1.5.'
_BINS = (
    'Bins 1 and up compare logits with multiples of 25.5 and mean nothing; from float32 probabilities, which '
    'end at logit 16.6, they are empty.'
)
_RESET = (
    'reset() keeps the target count, so within one training process its Pd shrinks from the second epoch on; '
    'not reproduced, the first evaluation is.'
)


def _torch_iou(prediction: PredictionRule) -> IouRule:
    """IoU of the torch codes, on a float mask."""
    return IouRule(prediction, hit_truth='one', area_truth='window', label_truth='positive', single_precision=True)


def _official_targets(**kwargs: Any) -> TargetRule:
    return TargetRule(**{**dict(truth='truncate', matching='first', prediction=_HALF), **kwargs})


def _dnanet_targets() -> TargetRule:
    return _official_targets(
        prediction=_LOGIT,
        false_alarm='area_value',
        denominator='fixed',
        fixed_size=256,
        further=tuple(PredictionRule(25.5 * k, logit=True) for k in range(1, 11)),
    )


_SPECS = (
    ProtocolSpec(
        'default',
        'At native size: probability > 0.5; IoU from data-set totals; nIoU over images; targets are matched '
        'nearest pair first, one to one, centroids nearer than 3 px; Fa from unmatched components.',
        'mmirstd',
        {
            'iou': IouRule(empty=1.0),
            'niou': NiouRule(empty=1.0),
            'pixel': PixelRule(),
            'targets': TargetRule(),
        },
        resolution={'*': None},
        defects=(
            'An image without target and without prediction is a right answer and counts 1 in nIoU; the official '
            'codes count 0.',
            'Pd is NaN without any target; precision is 0 when targets exist and nothing is predicted.',
        ),
    ),
    ProtocolSpec(
        'basicirstd',
        'BasicIRSTD toolbox: boolean map prob > 0.5 at native size.',
        'XinyiYing/BasicIRSTD',
        {'iou': _torch_iou(_HALF), 'targets': _official_targets()},
        resolution={'*': None},
        defects=(_FIRST_MATCH, _TRUNCATED, _TORCH_IOU, 'Native size, padded with zeros to a multiple of 32.'),
    ),
    ProtocolSpec(
        'sctransnet',
        'SCTransNet (metrics.py and test.py): prob > 0.5 at native size.',
        'xdFai/SCTransNet',
        {
            'iou': _torch_iou(_HALF),
            'niou': NiouRule(_HALF, 'truncate'),
            'targets': _official_targets(false_alarm='area_value'),
            'roc': RocRule(fields=('tpr', 'fpr', 'recall', 'precision', 'FP', 'F1')),
        },
        resolution={'*': None},
        defects=(
            _AREA_VALUE,
            _FIRST_MATCH,
            _TRUNCATED,
            _TORCH_IOU,
            _EMPTY_IS_ZERO,
            'nIoU ignores its score_thresh argument and always uses 0.5.',
            "The ROC is test.py's; the one in metrics.py compares probabilities with -30 + 25.5 k and is useless.",
        ),
    ),
    ProtocolSpec(
        'dnanet',
        'DNANet: logits > 0, everything resized to 256x256.',
        'YeRen123455/Infrared-Small-Target-Detection',
        {
            'iou': _torch_iou(_LOGIT),
            'targets': _dnanet_targets(),
            'roc': RocRule(fields=('tpr', 'fpr', 'recall', 'precision')),
        },
        resolution={'*': 256},
        defects=(
            _AREA_VALUE,
            _FIRST_MATCH,
            _TRUNCATED,
            _TORCH_IOU,
            _BINS,
            _RESET,
            'Fa is divided by 256 x 256 for each image, whatever its size.',
        ),
    ),
    ProtocolSpec(
        'mshnet',
        'MSHNet: logits > 0, everything resized to base_size (256).',
        'Lliu666/MSHNet',
        {
            'iou': _torch_iou(_LOGIT),
            'targets': _dnanet_targets(),
            'roc': RocRule(fields=('tpr', 'fpr', 'recall', 'precision')),
        },
        resolution={'*': 256},
        defects=(
            _AREA_VALUE,
            _FIRST_MATCH,
            _TRUNCATED,
            _TORCH_IOU,
            _BINS,
            _RESET,
            'Fa is divided by base_size squared for each image, whatever its size.',
        ),
    ),
    ProtocolSpec(
        'msda',
        'MSDA-Net and the networks beside it (GGL-Net, MLCL-Net, ALCL-Net): prob > 0.5, mask > 0.5.',
        'YuChuang1205/MSDA-Net',
        {
            'iou': IouRule(_HALF),
            'niou': NiouRule(_HALF),
            'targets': _official_targets(truth='half', denominator='last_image'),
        },
        resolution={'NUDT-SIRST': 256, '*': 512},
        defects=(
            _FIRST_MATCH,
            _EMPTY_IS_ZERO,
            'Fa is divided by the size of the LAST image times the number of images, so it depends on their order '
            'when sizes differ.',
            'Without any target the official code divides by zero; here Pd is NaN.',
        ),
    ),
    ProtocolSpec(
        'acm',
        'acm-pytorch (and open-acm, open-alcnet, which are the same in MXNet): logits > 0.',
        'Tianfang-Zhang/acm-pytorch',
        {
            'iou': IouRule(_LOGIT, hit_truth='truncate', area_truth='truncate', label_truth='positive'),
            'niou': NiouRule(_HALF, 'truncate'),
            'roc': RocRule(),
        },
        defects=(_TRUNCATED, _EMPTY_IS_ZERO, 'pixAcc counts mask > 0 as target pixels. No Pd and no Fa.'),
    ),
    ProtocolSpec(
        'agpcnet',
        'AGPCNet: logits > 0; IoU, precision, recall and F1 from summed pixels.',
        'Tianfang-Zhang/AGPCNet',
        {'pixel': PixelRule(_LOGIT, 'truncate', zero_undefined=True), 'roc': RocRule()},
        resolution={'MDFA': 256, '*': None},
        defects=('0/0 counts 0. No Pd and no Fa. Not recorded on soft masks.',),
    ),
    ProtocolSpec(
        'rpcanet',
        'RPCANet: sigmoid of the target map, divided by its own maximum, > 0.5.',
        'fengyiwu98/RPCANet',
        {
            'pixel': PixelRule(_MAX_HALF, 'truncate', zero_undefined=True),
            'targets': TargetRule(
                prediction=_MAX_HALF,
                truth='truncate',
                matching='any_pixel',
                false_alarm='background',
                denominator='background',
                skip_empty=True,
            ),
            'targets:centroid': _official_targets(prediction=_MAX_HALF, false_alarm='area_value'),
            'roc': RocRule(
                strict=False,
                normalize_max=True,
                level='target',
                smoothing=0.0,
                skip_empty=True,
                fields=('fpr', 'tpr', 'AUC'),
            ),
        },
        resolution={'*': 256},
        defects=(
            'Each map is divided by its maximum, so every image has a positive pixel and an empty scene gives '
            'many false alarms.',
            'Its reported Pd counts a target as detected when any of its pixels is positive; Fa is positive '
            'background pixels over background pixels; images without target are left out.',
            'Pd_centroid and Fa_centroid are its PD_FA class: ' + _AREA_VALUE,
            'The maps are probabilities: t_models_istd.py takes the sigmoid before it writes them.',
        ),
    ),
    ProtocolSpec(
        'dtum',
        'DTUM and DeepPro (ShootingRules.py): probability >= 0.5 at native size; a target is detected when a pixel in '
        'the 3 x 3 around one of its pixels is predicted; false pixels lie outside of the 9 x 9 around all of them.',
        'TinaLRJ/Multi-frame-infrared-small-target-detection-DTUM, TinaLRJ/DeepPro',
        {
            'targets': TargetRule(
                prediction=PredictionRule(0.5, strict=False),
                truth='positive',
                matching='near_pixel',
                reach=(1, 4),
                false_alarm='far',
            )
        },
        resolution={'*': None},
        defects=(
            'On NUDT-MIRSDT the truth is the folder masks_centroid: one pixel a target.',
            'Target pixels in the first row and column cannot be detected, those in the first four protect nothing: '
            'their squares begin at a negative index.',
            "DeepPro's code had 5 x 5 and 11 x 11 from June to December 2025.",
            'The AUC of the papers goes over a list of thresholds and is not computed.',
        ),
    ),
    ProtocolSpec(
        'uiunet',
        'UIU-Net: probabilities stretched from their minimum to their maximum, > 0.22.',
        'danfenghong/IEEE_TIP_UIU-Net',
        {
            'iou': IouRule(_STRETCHED),
            'niou': NiouRule(PredictionRule(0.0, normalize_range=True), 'truncate'),
        },
        resolution={'*': 320},
        defects=(
            'Each map is stretched to 0..1 first, so every image has a positive pixel.',
            'Its threshold is 0.22 (its comment says 0.8 for synthetic data).',
            'nIoU applies the sigmoid to probabilities again: > 0.5 then means prob > 0, and the value means nothing.',
            _EMPTY_IS_ZERO,
            'No Pd and no Fa recorded. Not recorded on soft masks.',
        ),
    ),
)

#: Name -> protocol.
PROTOCOLS: Mapping[str, ProtocolSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})

#: Other names of the same code.
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        'acm-pytorch': 'acm',
        'acm_pytorch': 'acm',
        'open-acm': 'acm',
        'open-alcnet': 'acm',
        'msda-net': 'msda',
        'ggl-net': 'msda',
        'mlcl-net': 'msda',
        'alcl-net': 'msda',
        'uiu-net': 'uiunet',
        'deeppro': 'dtum',
    }
)


def get_protocol(name: str | ProtocolSpec) -> ProtocolSpec:
    """Look a protocol up by name (case does not matter) or pass a spec through.

    Raises:
        KeyError: Unknown name; the message lists the known ones and the nearest.
    """
    if isinstance(name, ProtocolSpec):
        return name
    key = str(name).lower()
    key = ALIASES.get(key, key)
    if key in PROTOCOLS:
        return PROTOCOLS[key]
    import difflib

    near = difflib.get_close_matches(key, [*PROTOCOLS, *ALIASES], n=1)
    hint = f'; did you mean {near[0]!r}?' if near else ''
    raise KeyError(f'unknown evaluation protocol {name!r}{hint} Known: {", ".join(PROTOCOLS)}')
