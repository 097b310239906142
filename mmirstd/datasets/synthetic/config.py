"""The parameters of the synthetic infrared scenes, checked when they are made.

Every range is a pair ``(low, high)``, from which one value is drawn per scene (or per target, where said so); a
pair with two equal numbers fixes the value. Temperatures are apparent temperatures in kelvin (K) or millikelvin
(mK), lengths are pixels (px) of the final image, and fractions of full scale are fractions of ``2**bit_depth - 1``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

BACKGROUND_KINDS = ('sky', 'cloud', 'sea', 'ground')
TARGET_SHAPES = ('point', 'gaussian', 'ellipse')
TRAJECTORY_KINDS = ('constant', 'turning', 'crossing')
POLARITIES = ('white-hot', 'black-hot', 'random')
SIZE_LAWS = ('uniform', 'log')
AMPLITUDE_MODES = ('constant', 'per-frame')

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Range = tuple[float, float]
T = TypeVar('T', bound='DataclassInstance')


def _number(owner: object, name: str, low: float = -math.inf, high: float = math.inf) -> float:
    value = getattr(owner, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f'{type(owner).__name__}.{name} must be a number in [{low:g}, {high:g}], got {value!r}')
    return value


def _integer(owner: object, name: str, low: int, high: float = math.inf) -> int:
    value = getattr(owner, name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f'{type(owner).__name__}.{name} must be a whole number in [{low:g}, {high:g}], got {value!r}')
    return value


def _range(owner: object, name: str, low: float = -math.inf, high: float = math.inf, whole: bool = False) -> None:
    """Check a ``(low, high)`` pair and store it as a tuple (JSON gives lists)."""
    value = getattr(owner, name)
    kinds = (int,) if whole else (int, float)
    good = (
        isinstance(value, (tuple, list))
        and len(value) == 2
        and all(isinstance(v, kinds) and not isinstance(v, bool) for v in value)
        and low <= value[0] <= value[1] <= high
    )
    if not good:
        raise ValueError(
            f'{type(owner).__name__}.{name} must be a pair (low, high) of '
            f'{"whole " if whole else ""}numbers with {low:g} <= low <= high <= {high:g}, '
            f'got {value!r}'
        )
    object.__setattr__(owner, name, tuple(value))


def _weights(owner: object, name: str, choices: tuple[str, ...]) -> None:
    """Check a mapping from choices to non-negative weights; missing choices weigh nothing."""
    value = getattr(owner, name)
    if isinstance(value, str):
        value = {value: 1.0}
    label = f'{type(owner).__name__}.{name}'
    if not isinstance(value, Mapping):
        raise ValueError(f'{label} must map names among {list(choices)} to weights, got {value!r}')
    unknown = [key for key in value if key not in choices]
    if unknown:
        raise ValueError(f'{label} does not know {unknown}; it takes {list(choices)}')
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) and 0 <= v < math.inf for v in value.values())
    if not numbers or sum(value.values()) <= 0:
        raise ValueError(f'{label} needs finite weights >= 0 with at least one > 0, got {dict(value)!r}')
    # A fixed order: drawing from the weights must not depend on how the user wrote the mapping.
    object.__setattr__(owner, name, {key: float(value[key]) for key in choices if key in value})


def _choice(owner: object, name: str, choices: tuple[str, ...]) -> None:
    value = getattr(owner, name)
    if value not in choices:
        raise ValueError(f'{type(owner).__name__}.{name} must be one of {list(choices)}, got {value!r}')


@dataclass(frozen=True)
class SensorConfig:
    """Optics, noise, gain and quantization of the camera.

    Attributes:
        bit_depth: 8 (stored in 8-bit files) or 14 (stored in 16-bit files, values 0..16383).
        psf_sigma: Standard deviation, px, of the Gaussian that stands for optics, diffraction and detector.
        netd_mk: Temporal noise of a pixel (noise-equivalent temperature difference), mK, drawn per scene.
        fpn_mk: Standard deviation of the fixed per-pixel offset, mK. Fixed over a sequence.
        column_stripe_mk: Standard deviation of the fixed column offsets, mK.
        row_stripe_mk: Standard deviation of the fixed row offsets, mK.
        vignetting: Loss of signal in the corners, fraction of full scale.
        vignetting_prob: How often a scene has vignetting at all.
        fill: Fraction of full scale that the background's 1st to 99th percentile is stretched to (automatic gain).
            More than 1 saturates the background, as real cloud images often are.
        level: Where the background's mid temperature lies, fraction of full scale.
        min_span_k: The gain is limited so that full scale is never less than this, K; else a clear sky would
            become pure noise.
        polarity: 'white-hot', 'black-hot' (the whole image inverted, targets too), or 'random' per scene.
    """

    bit_depth: int = 8
    psf_sigma: Range = (0.6, 1.0)
    netd_mk: Range = (20.0, 60.0)
    fpn_mk: Range = (0.0, 15.0)
    column_stripe_mk: Range = (0.0, 25.0)
    row_stripe_mk: Range = (0.0, 10.0)
    vignetting: Range = (0.05, 0.3)
    vignetting_prob: float = 0.1
    fill: Range = (0.15, 0.8)
    level: Range = (0.3, 0.65)
    min_span_k: float = 5.0
    polarity: str = 'white-hot'

    def __post_init__(self) -> None:
        if self.bit_depth not in (8, 14) or isinstance(self.bit_depth, bool):
            raise ValueError(f'SensorConfig.bit_depth must be 8 or 14, got {self.bit_depth!r}')
        _range(self, 'psf_sigma', 0.2, 5.0)
        for name in ('netd_mk', 'fpn_mk', 'column_stripe_mk', 'row_stripe_mk'):
            _range(self, name, 0.0, 10_000.0)
        _range(self, 'vignetting', 0.0, 1.0)
        _number(self, 'vignetting_prob', 0.0, 1.0)
        _range(self, 'fill', 0.0, 4.0)
        _range(self, 'level', 0.0, 1.0)
        _number(self, 'min_span_k', 0.1, 1000.0)
        _choice(self, 'polarity', POLARITIES)


@dataclass(frozen=True)
class TargetConfig:
    """How many targets there are, how large and how strong.

    The defaults lie between the training splits of NUAA-SIRST (341/86 protocol) and NUDT-SIRST, where targets have
    a median area of 20 and 21 px, a median signal-to-clutter ratio (as `mmirstd.utils.scr.local_scr` defines it) of
    about 13 and 4, and where most images hold one or two targets.

    Attributes:
        count: Weight of each number of targets per image: ``count[n]`` is the weight of n targets.
        shapes: Weights of 'point' (smaller than a pixel: the PSF alone), 'gaussian' (rotated, anisotropic) and
            'ellipse' (flat, rotated; then blurred by the PSF).
        size: Full width, px, of the major axis of an extended target, drawn per target; at most 24.
        size_law: 'uniform' or 'log' (log-uniform: as many from 3 to 6 px as from 6 to 12); how ``size`` is drawn.
        aspect: Major over minor axis of an extended target, drawn per target.
        max_side: No mask's box is wider or higher than this, px (4 to 24); a larger extended target is shrunk (a
            point is as wide as the PSF makes it).
        scr: Requested signal-to-clutter ratio, drawn log-uniformly per target.
        min_contrast: Positions where the requested ratio would mean less contrast than this fraction of full scale
            are avoided where others can be found (the eye, and 8-bit quantization, would lose such a target).
        cold_prob: How often a target is colder than what is behind it.
        mask_level: A pixel belongs to the mask when the target adds more than this fraction of its peak. Annotators
            draw generously: in the two training splits the weakest mask pixel is at 0.26 of the peak (median).
        spacing: Least distance between target centers, px. Not applied to crossing tracks.
        border: Least distance of a still image's target from the image border, px.
        edge_prob: How often a target is put on a strong edge of the background (cloud edges, skylines).
        tries: Positions tried before the best one so far is taken.
    """

    count: tuple[float, ...] = (0.06, 0.60, 0.24, 0.07, 0.03)
    shapes: Mapping[str, float] = field(default_factory=lambda: {'point': 0.2, 'gaussian': 0.45, 'ellipse': 0.35})
    size: Range = (3.0, 9.0)
    size_law: str = 'uniform'
    aspect: Range = (1.0, 2.2)
    max_side: int = 9
    scr: Range = (2.0, 30.0)
    min_contrast: float = 0.04
    cold_prob: float = 0.0
    mask_level: float = 0.35
    spacing: float = 16.0
    border: float = 3.0
    edge_prob: float = 0.35
    tries: int = 24

    def __post_init__(self) -> None:
        count = self.count
        good = (
            isinstance(count, (tuple, list))
            and count
            and all(isinstance(c, (int, float)) and not isinstance(c, bool) and 0 <= c < math.inf for c in count)
        )
        if not good or sum(count) <= 0:
            raise ValueError(
                f'TargetConfig.count must list a weight >= 0 for 0, 1, 2, ... targets, one of them > 0, got {count!r}'
            )
        object.__setattr__(self, 'count', tuple(float(c) for c in count))
        _weights(self, 'shapes', TARGET_SHAPES)
        _range(self, 'size', 0.5, 24.0)
        _choice(self, 'size_law', SIZE_LAWS)
        _range(self, 'aspect', 1.0, 9.0)
        _integer(self, 'max_side', 4, 24)
        _range(self, 'scr', 0.05, 1000.0)
        _number(self, 'min_contrast', 0.0, 0.9)
        _number(self, 'cold_prob', 0.0, 1.0)
        _number(self, 'mask_level', 0.05, 0.95)
        _number(self, 'spacing', 0.0, 1000.0)
        _number(self, 'border', 0.0, 1000.0)
        _number(self, 'edge_prob', 0.0, 1.0)
        _integer(self, 'tries', 1, 10_000)


@dataclass(frozen=True)
class ClutterConfig(TargetConfig):
    """Clutter that looks like targets: drawn like them, but not annotated. By default there is none.

    In a sequence it is fixed to the background, so that only its motion (or its look, where the ranges differ from the
    targets') tells it from them.

    Attributes:
        count: As of targets, for each image area of the background.
        scr: As of targets.
        spacing: Least distance from other clutter and, where they start, from targets, px.
        flicker: In a sequence, how often a piece of clutter is a glint, which is there in each frame by chance, one
            half.
    """

    count: tuple[float, ...] = (1.0,)
    spacing: float = 10.0
    flicker: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _number(self, 'flicker', 0.0, 1.0)

    @property
    def any(self) -> bool:
        """Whether there may be clutter at all."""
        return any(self.count[1:])


@dataclass(frozen=True)
class SceneConfig:
    """One still image.

    Attributes:
        size: (height, width) in px; each at least 32.
        backgrounds: Weights of 'sky', 'cloud', 'sea' and 'ground', or one name.
        sensor: The camera.
        targets: The targets.
        clutter: What looks like targets and is none.
    """

    size: tuple[int, int] = (256, 256)
    backgrounds: Mapping[str, float] = field(
        default_factory=lambda: {'sky': 0.12, 'cloud': 0.38, 'sea': 0.2, 'ground': 0.3}
    )
    sensor: SensorConfig = field(default_factory=SensorConfig)
    targets: TargetConfig = field(default_factory=TargetConfig)
    clutter: ClutterConfig = field(default_factory=ClutterConfig)

    def __post_init__(self) -> None:
        size = self.size
        good = (
            isinstance(size, (tuple, list))
            and len(size) == 2
            and all(isinstance(s, int) and not isinstance(s, bool) and 32 <= s <= 8192 for s in size)
        )
        if not good:
            raise ValueError(f'SceneConfig.size must be (height, width), each from 32 to 8192 px, got {size!r}')
        object.__setattr__(self, 'size', tuple(size))
        _weights(self, 'backgrounds', BACKGROUND_KINDS)
        for name, kind in (('sensor', SensorConfig), ('targets', TargetConfig), ('clutter', ClutterConfig)):
            if not isinstance(getattr(self, name), kind):
                raise ValueError(f'SceneConfig.{name} must be a {kind.__name__}, got {getattr(self, name)!r}')
        border = max(self.targets.border, self.clutter.border)
        if 2 * border >= min(size) - 1:
            raise ValueError(
                f'TargetConfig.border = {border:g} leaves no room for a target in an image of {size[0]}x{size[1]} px'
            )


@dataclass(frozen=True)
class SequenceConfig:
    """One image sequence: a scene seen by a drifting camera, with moving targets.

    Attributes:
        scene: The scene. ``scene.targets.count`` gives the number of tracks.
        num_frames: Frames in a sequence.
        drift: Speed of the camera's drift over the background, px/frame, drawn per sequence (direction random).
        jitter: Standard deviation of the frame-to-frame pointing error, px.
        trajectories: Weights of 'constant' (velocity), 'turning' (constant speed and turn rate) and 'crossing' (two
            tracks that meet in one point at one time; counts as two tracks).
        speed: Speed of a target over the background, px/frame, drawn per track.
        turn_rate: Size of the turn rate of a turning target, degrees/frame, drawn per track (side random).
        min_visible: Least fraction of the frames in which a target is inside the image. 1 forbids entering and
            leaving.
        amplitude: 'constant': a track keeps one strength, chosen so that the requested ratio holds in the median
            frame, as a real object does. 'per-frame': the strength is set anew so that it holds in every frame.
    """

    scene: SceneConfig = field(
        default_factory=lambda: SceneConfig(targets=TargetConfig(count=(0.05, 0.45, 0.35, 0.15)))
    )
    num_frames: int = 40
    drift: Range = (0.0, 0.8)
    jitter: float = 0.15
    trajectories: Mapping[str, float] = field(
        default_factory=lambda: {'constant': 0.45, 'turning': 0.3, 'crossing': 0.25}
    )
    speed: Range = (0.3, 2.0)
    turn_rate: Range = (1.0, 6.0)
    min_visible: float = 0.5
    amplitude: str = 'constant'

    def __post_init__(self) -> None:
        if not isinstance(self.scene, SceneConfig):
            raise ValueError(f'SequenceConfig.scene must be a SceneConfig, got {self.scene!r}')
        _integer(self, 'num_frames', 1, 100_000)
        _range(self, 'drift', 0.0, 20.0)
        _number(self, 'jitter', 0.0, 5.0)
        _weights(self, 'trajectories', TRAJECTORY_KINDS)
        _range(self, 'speed', 0.0, 50.0)
        _range(self, 'turn_rate', 0.0, 90.0)
        _number(self, 'min_visible', 0.0, 1.0)
        _choice(self, 'amplitude', AMPLITUDE_MODES)


def config_to_dict(config: SceneConfig | SequenceConfig | SensorConfig | TargetConfig) -> dict[str, Any]:
    """A configuration as plain JSON data (tuples become lists)."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, (tuple, list)):
            return [plain(item) for item in value]
        return value

    return plain(asdict(config))


def config_from_dict(kind: type[T], data: Mapping[str, Any] | None) -> T:
    """The inverse of `config_to_dict`; names an unknown key.

    Args:
        kind: The configuration class.
        data: Its fields, nested configurations as mappings. Missing fields take their defaults.

    Raises:
        ValueError: A key is not a field of the class, or a value is out of its range.
    """
    if data is not None and not isinstance(data, Mapping):
        raise ValueError(f'the parameters of {kind.__name__} must be given as a mapping, got {data!r}')
    data = dict(data or {})
    known = {f.name for f in fields(kind)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise ValueError(f'{kind.__name__} has no parameter {unknown}; it takes {sorted(known)}')
    nested = {'sensor': SensorConfig, 'targets': TargetConfig, 'clutter': ClutterConfig, 'scene': SceneConfig}
    for name, value in data.items():
        if name in nested and not is_dataclass(value):
            data[name] = config_from_dict(nested[name], value)
    return kind(**data)
