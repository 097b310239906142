"""What an exported file says of itself: how to feed it, and where it is from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError
from mmirstd.utils.json_text import parse_json
from mmirstd.version import __version__

#: Entry of the file's meta data that holds the description as JSON.
KEY = 'mmirstd'
#: A new field raises the second number, a field that changes its meaning or goes the first.
FORMAT_VERSION = '1.4'
#: What a file's ``image`` may be; ``'any'`` has the ``range`` of the gray values as a second input.
INPUT_TYPES: tuple[str, ...] = ('any', 'uint8', 'uint16')
#: Format -> end of its files' names.
SUFFIXES: dict[str, str] = {'onnx': '.onnx', 'openvino': '.xml', 'exported-program': '.pt2'}
#: Ends of names of the files that run without PyTorch -> the runtimes that read them.
READERS: dict[str, tuple[str, ...]] = {'.onnx': ('onnxruntime', 'openvino'), '.xml': ('openvino',)}
#: Kinds of graphs -> what they take and give.
KINDS: dict[str, str] = {
    'segmentation': 'images to probabilities, masks and logits',
    'clip-segmentation': 'clips to probabilities and masks of their last frames',
    'clip-detection': 'clips to boxes in their last frames',
    'stream-segmentation': 'a frame, and what was kept of the past, to probability and mask',
    'stream-detection': 'a frame, and what was kept of the past, to boxes',
}


@dataclass(frozen=True)
class GraphDescription:
    """The meta data of an exported file.

    Attributes:
        kind: Of ``KINDS``.
        model: Name of the config.
        threshold: Probability above which a pixel is target, as in the file's masks.
        operating_point: A threshold of the logits that decides in its place, as
            :meth:`mmirstd.false_alarms.operating_point.OperatingPoint.as_dict` gives it; None: there is none.
        input_type: Of ``INPUT_TYPES``.
        normalization: Options of ``LoadInfraredImage`` that the network was trained with.
        divisor: The file pads images to a multiple of this many pixels by itself, and cuts the result.
        whole_image: The result depends on the whole image (classical methods), which therefore is not tiled.
        classes: Names of the classes.
        weights: Name of the checkpoint file; None: there is none.
        weights_sha256: Its checksum.
        model_sha256: Checksum of the network's config.
        precision: Of the arithmetic, ``'fp32'`` unless the file was quantized.
        calibration: Of a quantized file: number and checksum of the images that it was calibrated on.
        frames: Frames T of a clip.
        stride: Their distance.
        gaps: What stands for a past frame whose number is missing in a folder, a key of
            ``mmirstd.utils.clip_window.GAPS``.
        states: Of a stream, name of an input -> frames, channels, and pixels of the network's image to one of it.
        network_size: Height and width of the network's image where a letterbox sets it; None: the frame's, padded.
        alignment: Options of ``mmirstd.AlignClip``, by which past frames are aligned before they go in; None: they
            are not.
        tta: The views of an image whose mean the file gives, as ``mmirstd.compat.mean_of_views.Views`` says them; None:
            the image alone.
        inputs: Name -> what goes in.
        outputs: Name -> what comes out.
        mmirstd: Version that wrote the file.
        format_version: Of these fields.
    """

    kind: str
    model: str
    threshold: float
    input_type: str = 'any'
    normalization: dict[str, Any] = field(default_factory=dict)
    divisor: int = 1
    whole_image: bool = False
    classes: tuple[str, ...] = ('target',)
    weights: str | None = None
    weights_sha256: str | None = None
    model_sha256: str | None = None
    precision: str = 'fp32'
    calibration: dict[str, Any] | None = None
    frames: int = 1
    stride: int = 1
    gaps: str = 'hold'
    states: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    network_size: tuple[int, int] | None = None
    alignment: dict[str, Any] | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    operating_point: dict[str, Any] | None = None
    tta: str | None = None
    mmirstd: str = __version__
    format_version: str = FORMAT_VERSION

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @property
    def boxes(self) -> bool:
        """Whether boxes come out, and no maps."""
        return self.kind.endswith('-detection')

    @property
    def moving(self) -> bool:
        """Whether it is of a model of clips."""
        return self.kind.startswith(('clip-', 'stream-'))

    def state_shapes(self, height: int, width: int) -> dict[str, tuple[int, int, int, int]]:
        """Of the states of a stream of one sequence of frames (H, W): frames, channels, rows, columns."""
        size = self.network_size or [-(-side // self.divisor) * self.divisor for side in (height, width)]
        return {
            name: (frames, channels, size[0] // by, size[1] // by)
            for name, (frames, channels, by) in self.states.items()
        }

    @classmethod
    def from_json(cls, text: str | None, file: str) -> GraphDescription:
        """From a file's meta data; fields of later versions are ignored.

        Args:
            text: The entry ``KEY``, None where the file has none.
            file: Name of the file, for messages.

        Raises:
            DataError: The file was not written by ``mmirstd export``, or by a version that is too new.
        """
        try:
            values = parse_json(text or '')
            major = str(values['format_version']).split('.')[0]
            kind = str(values.get('kind'))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DataError(
                file,
                found='no description by mmirstd in its meta data',
                expected='a file that `mmirstd export` wrote',
                cure='export the network again: mmirstd export CONFIG CKPT -o FILE',
            ) from None
        if major != FORMAT_VERSION.split('.')[0] or kind not in KINDS:
            raise DataError(
                file,
                found=f'a {values.get("kind")!r} file of format {values["format_version"]}',
                expected=f'format {FORMAT_VERSION.split(".")[0]}, one of {", ".join(KINDS)}',
                cure='install the mmirstd that wrote it, or export the network again',
            )
        known = {entry.name for entry in fields(cls)}
        values = {key: value for key, value in values.items() if key in known}
        wrong = [key for key in ('model', 'threshold') if key not in values]
        wrong += [key for key, value in values.items() if not _fits(key, value)]
        if wrong:
            raise DataError(
                file,
                found=f'a damaged description: {", ".join(wrong)}',
                expected='what `mmirstd export` wrote',
                cure='copy the file or export the network again',
            )
        return cls(**{**values, 'classes': tuple(values.get('classes', ('target',)))})


def _fits(key: str, value: Any) -> bool:
    """Whether a value that a file gives a field has its type."""
    if key == 'threshold':
        return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1
    if key == 'operating_point':
        return value is None or _is_operating_point(value)
    if key in ('divisor', 'frames', 'stride'):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if key == 'gaps':
        return value in ('hold', 'position')
    if key == 'whole_image':
        return isinstance(value, bool)
    if key == 'normalization' or (key in ('alignment', 'calibration') and value is not None):
        return isinstance(value, dict)
    if key == 'states':
        return isinstance(value, dict) and all(_are_sizes(sizes, 3) for sizes in value.values())
    if key == 'network_size' and value is not None:
        return _are_sizes(value, 2)
    if key in ('inputs', 'outputs'):
        return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    if key == 'classes':
        return isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)
    return isinstance(value, str) or value is None and key in _OPTIONAL


#: Fields that may be empty.
_OPTIONAL = ('weights', 'weights_sha256', 'model_sha256', 'network_size', 'alignment', 'calibration', 'tta')


def _are_sizes(value: Any, count: int) -> bool:
    whole = isinstance(value, (list, tuple)) and all(type(number) is int and number > 0 for number in value)
    return whole and len(value) == count


def _is_operating_point(value: Any) -> bool:
    try:
        OperatingPoint.from_dict(value)
    except ValueError:
        return False
    return True
