"""Load the frames of a clip as one normalized array."""

from __future__ import annotations

import cv2
import numpy as np

from mmirstd.datasets.box_checks import check_boxes
from mmirstd.datasets.image_io import read_image
from mmirstd.registry import TRANSFORMS
from mmirstd.utils.errors import DataError
from mmirstd.utils.renamed import renamed_arguments

from .load_image import LoadInfraredImage, _one_channel_array


@TRANSFORMS.register_module()
class LoadClip(LoadInfraredImage):
    """Load ``img_paths`` as T channels of one float32 image, about [0, 1], key frame last.

    Files as :class:`LoadInfraredImage` takes them. The frames are normalized together, so that differences between them
    stay what they are. With ``normalize='minmax'``, ``'percentile'`` or ``'robust'`` the range is the clip's; a model
    that is fed frame by frame needs ``'fixed'``, the default.

    A frame that occurs several times in the clip is decoded once; with ``raw_cache`` (from the data set), once for all
    clips that hold it.

    Required keys: ``img_paths`` (T paths) or ``img_path``, or ``img`` (a list of T arrays (H, W[, C])); optional:
    ``raw_cache``, ``instances`` with ``bad_box``, ``height``, ``width``.
    Added keys: ``img`` (H, W, T) float32, or (H, W) when T is 1; ``num_frames``, ``img_shape``, ``ori_shape``,
    ``pad_shape`` (all (H, W)), ``scale_factor`` (1.0, 1.0).

    Args:
        frame_size_mismatch: Frames of other sizes than the key frame: ``'error'``, or ``'resize'`` them to its size
            (bilinear).
        normalize, bit_depth, max_value, percentiles, nonfinite, invert: As in :class:`LoadInfraredImage`.

    Raises:
        DataError: A file cannot be read, frames differ in size or type, the annotation claims another size, or a box is
            bad and ``bad_box`` is ``'error'``.
    """

    @renamed_arguments(say=True, normalise='normalize')
    def __init__(self, frame_size_mismatch: str = 'error', **kwargs) -> None:
        if frame_size_mismatch not in ('error', 'resize'):
            raise ValueError(f"frame_size_mismatch is {frame_size_mismatch!r}; expected 'error' or 'resize'")
        super().__init__(**kwargs)
        self.frame_size_mismatch = frame_size_mismatch

    def transform(self, results: dict) -> dict:
        """Load and normalize one clip."""
        names, frames = self._frames(results)
        key = frames[-1]
        for index, (name, frame) in enumerate(zip(names, frames)):
            if frame.dtype != key.dtype:
                raise DataError(
                    f'{name}: pixels of type {frame.dtype}, but the key frame {names[-1]} has {key.dtype}; '
                    'expected one type in a sequence: convert the files'
                )
            if frame.shape == key.shape:
                continue
            if self.frame_size_mismatch == 'error':
                raise DataError(
                    f'{name}: the frame has {frame.shape[0]}x{frame.shape[1]} pixels (height x width), but the key '
                    f'frame {names[-1]} has {key.shape[0]}x{key.shape[1]}; expected one size in a sequence: correct '
                    "the files, split the sequence, or set frame_size_mismatch='resize' in LoadClip"
                )
            frames[index] = cv2.resize(frame, key.shape[::-1], interpolation=cv2.INTER_LINEAR)
        clip = frames[0] if len(frames) == 1 else np.stack(frames, axis=-1)
        if clip.dtype.kind == 'f':
            clip = self.repair_nonfinite(clip, names[-1])
        self._check(results, names[-1], key.shape)
        results['img'] = self.normalized(clip, names[-1])
        results['num_frames'] = len(frames)
        results['img_shape'] = results['ori_shape'] = results['pad_shape'] = key.shape
        results['scale_factor'] = (1.0, 1.0)
        return results

    @staticmethod
    def _frames(results: dict) -> tuple[list[str], list[np.ndarray]]:
        given = results.get('img')
        if given is not None:
            given = list(given) if isinstance(given, (list, tuple)) else [given]
            return [f'given frame {k}' for k in range(len(given))], [_one_channel_array(frame) for frame in given]
        names = list(results['img_paths'] if results.get('img_paths') else [results['img_path']])
        cache = results.get('raw_cache')
        read = read_image if cache is None else cache.image
        decoded = {name: read(name) for name in dict.fromkeys(names)}
        return names, [decoded[name] for name in names]

    @staticmethod
    def _check(results: dict, name: str, shape: tuple[int, int]) -> None:
        """Hold the annotation against the image."""
        height, width = results.get('height'), results.get('width')
        if height is not None and width is not None and (height, width) != tuple(shape):
            raise DataError(
                f'{name}: the image has {shape[0]}x{shape[1]} pixels (height x width), its annotation says '
                f'{height}x{width}; boxes would be in the wrong place: correct the annotation or the file'
            )
        policy = results.get('bad_box')
        if policy is None or not results.get('instances') or (height is not None and width is not None):
            return  # checked when the data set was built
        kept, found, first = check_boxes(results['instances'], shape[1], shape[0], policy)
        if found and policy == 'error':
            raise DataError(
                f"{name}: {first}; correct the annotation, or set bad_box='clip' (cut to the image) or "
                "bad_box='drop' on the data set"
            )
        results['instances'] = kept

    def __repr__(self) -> str:
        return super().__repr__()[:-1] + f', frame_size_mismatch={self.frame_size_mismatch!r})'
