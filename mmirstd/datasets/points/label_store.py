"""The labels of all training images, which change while data-loader workers read them."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from mmirstd.utils.errors import CheckpointError
from mmirstd.utils.png import encode_png

_FULL = 255
# The head of the file: one byte that says whether labels are given out binary, then one for each image: does it train?
_BINARY = 0


class LabelStore:
    """A label of 0 to 1 for each pixel of each image, at first 1 on the points and 0 elsewhere.

    Labels are kept as 8-bit codes, as the official codes of LESPS and PAL keep them, so what is saved is what trains.
    They lie in a sparse temporary file that is mapped into memory: workers see each change, whether they were forked or
    spawned, and only what holds targets takes room.

    Args:
        names: A name for each image, the same wherever the data lie.
        sizes: Height and width of each image.
        points: (N, 2) row and column of the points of each image.
    """

    def __init__(
        self,
        names: Sequence[str],
        sizes: Sequence[tuple[int, int]],
        points: Sequence[NDArray[np.int64]],
    ) -> None:
        self.names = list(names)
        self.sizes = [(int(height), int(width)) for height, width in sizes]
        self.points = [np.asarray(found, np.int64).reshape(-1, 2) for found in points]
        head = 1 + len(self.names)
        self._offsets = head + np.concatenate([[0], np.cumsum([h * w for h, w in self.sizes], dtype=np.int64)])
        handle, self._path = tempfile.mkstemp(prefix='mmirstd-labels-', suffix='.bin')
        os.truncate(handle, int(self._offsets[-1]))
        os.close(handle)
        self._open('r+')
        self._remove = weakref.finalize(self, _remove, self._path, os.getpid())
        self.reset()

    def _open(self, mode: Any) -> None:
        self._bytes = np.memmap(self._path, np.uint8, mode)

    def reset(self) -> None:
        """Back to the points; all images train, with labels as they are."""
        self.binary = False
        self._bytes[1 : 1 + len(self)] = 1
        for index in range(len(self)):
            self.put(index, self.point_mask(index))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def binary(self) -> bool:
        """Whether :meth:`training_label` cuts labels at one half."""
        return bool(self._bytes[_BINARY])

    @binary.setter
    def binary(self, value: bool) -> None:
        self._bytes[_BINARY] = value

    @property
    def trains(self) -> NDArray[np.bool_]:
        """(N,) which images train."""
        return np.asarray(self._bytes[1 : 1 + len(self)] != 0)

    @trains.setter
    def trains(self, value: NDArray[np.bool_]) -> None:
        self._bytes[1 : 1 + len(self)] = value

    def stand_in(self, index: int) -> int:
        """The image itself if it trains, else a random one of those that do (NumPy's global generator)."""
        trains = self.trains
        if trains[index] or not trains.any():
            return index
        return int(np.random.choice(np.flatnonzero(trains)))

    def _codes(self, index: int) -> NDArray[np.uint8]:
        codes: NDArray[np.uint8] = self._bytes[self._offsets[index] : self._offsets[index + 1]]
        return codes.reshape(self.sizes[index])

    def label(self, index: int) -> NDArray[np.float32]:
        """The label of an image, (H, W) in [0, 1]."""
        return self._codes(index).astype(np.float32) / np.float32(_FULL)

    def training_label(self, index: int) -> NDArray[Any]:
        """What the network is taught: uint8 {0, 1} where that is all there is, else float32 in [0, 1]."""
        codes = self._codes(index)
        if self.binary:
            return (codes > _FULL // 2).astype(np.uint8)
        if ((codes == 0) | (codes == _FULL)).all():
            return (codes != 0).astype(np.uint8)
        return self.label(index)

    def put(self, index: int, label: NDArray[Any]) -> None:
        """Replace the label of an image.

        Args:
            index: Of the image.
            label: (H, W) in [0, 1].
        """
        # A page that is written takes memory, also with zeros.
        old, new = self._codes(index), np.rint(np.asarray(label, np.float64) * _FULL).astype(np.uint8)
        changed = old != new
        old[changed] = new[changed]

    def point_mask(self, index: int) -> NDArray[np.uint8]:
        """(H, W) {0, 1}: 1 on the points of an image."""
        mask = np.zeros(self.sizes[index], np.uint8)
        mask[tuple(self.points[index].T)] = 1
        return mask

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs: the labels as PNG, one after the other, which images train, and in which form."""
        files = [encode_png(self._codes(index)) for index in range(len(self))]
        return dict(
            names=list(self.names),
            lengths=[len(file) for file in files],
            files=torch.frombuffer(bytearray(b''.join(files)), dtype=torch.uint8),
            trains=self.trains.tolist(),
            binary=self.binary,
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the labels of a checkpoint.

        Raises:
            CheckpointError: They are of other images.
        """
        if set(state['names']) != set(self.names):
            other = sorted(set(state['names']) ^ set(self.names))
            raise CheckpointError(
                f'the checkpoint holds the grown labels of {len(state["names"])} images, the data set has {len(self)}; '
                f'{len(other)} are only in one of them, the first is {other[0]!r}',
                cure='continue with the data the run began with, or start a new run from the weights '
                '(--cfg-options load_from=CKPT)',
            )
        files = state['files'].cpu().numpy()
        ends = np.cumsum(state['lengths']).tolist()
        known = {
            name: (files[end - length : end], trains)
            for name, end, length, trains in zip(state['names'], ends, state['lengths'], state['trains'])
        }
        for index, name in enumerate(self.names):
            codes = cv2.imdecode(known[name][0], cv2.IMREAD_GRAYSCALE)
            if codes is None or codes.shape != self.sizes[index]:
                raise CheckpointError(
                    f'the grown label of {name} in the checkpoint has '
                    f'{"no" if codes is None else "x".join(map(str, codes.shape))} pixels (height x width), its image '
                    f'{"x".join(map(str, self.sizes[index]))}',
                    cure='continue with the images the run began with',
                )
            self.put(index, codes / _FULL)
        self.trains = np.array([known[name][1] for name in self.names], bool)
        self.binary = state['binary']

    def __deepcopy__(self, memo: dict[int, Any]) -> LabelStore:
        """The same store: mmengine deep-copies samples and data sets."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key not in ('_bytes', '_remove')}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open('r')  # a spawned worker


def _remove(path: str, process: int) -> None:
    if os.getpid() == process:  # a forked worker leaves it to its parent
        Path(path).unlink(missing_ok=True)
