"""What a file that ``mmirstd export`` wrote of a model of clips needs of past frames."""

from __future__ import annotations

import numpy as np

from mmirstd.datasets.clip_alignment import ClipAlignment
from mmirstd.datasets.gray_normalization import GrayNormalization
from mmirstd.deploy.session import GraphSession

from .frame_window import FrameWindow


class ExportedWindow:
    """The last T frames for a file of whole clips.

    Args:
        session: The file.
        loader: Normalizes frames; where clips are aligned, each clip by its own range, as in PyTorch.
    """

    def __init__(self, session: GraphSession, loader: GrayNormalization) -> None:
        self.session = session
        self.loader = loader
        about = session.description
        self._window = FrameWindow(about.frames, about.stride, about.gaps)
        self._alignment = None if about.alignment is None else ClipAlignment(**about.alignment)

    def reset(self) -> None:
        """Begin another sequence."""
        self._window.reset()

    def step(self, gray: np.ndarray, number: int, label: str) -> dict[str, np.ndarray]:
        """Outputs for the clip that ends with the next frame (H, W), which has this number and name."""
        if self._alignment is None:
            frames, _ = self._window.step(self.loader.normalized(gray, label), number)
        else:
            frames, tokens = self._window.step(gray, number)
            clip = self.loader.normalized(np.stack(frames, axis=-1), label)
            frames = self._alignment.align([np.ascontiguousarray(frame) for frame in np.moveaxis(clip, -1, 0)], tokens)
        return self.session.run(_with_range(self.session, np.stack(frames)[None]))


class ExportedStream:
    """What a file of a stream keeps of the past.

    Args:
        session: The file.
        loader: Normalizes frames.
    """

    def __init__(self, session: GraphSession, loader: GrayNormalization) -> None:
        self.session = session
        self.loader = loader
        self._states: dict[str, np.ndarray] | None = None
        self._last = 0

    def reset(self) -> None:
        """Begin another sequence."""
        self._states = None

    def step(self, gray: np.ndarray, number: int, label: str) -> dict[str, np.ndarray]:
        """Outputs for the next frame (H, W), which has this number and name."""
        image = self.loader.normalized(gray, label)
        inputs = _with_range(self.session, image[None])
        about = self.session.description
        first = self._states is None
        if about.states:
            shapes = about.state_shapes(*image.shape)
            states = self._states or {name: np.zeros((1, *shape), np.float32) for name, shape in shapes.items()}
            if not first and about.gaps == 'hold':
                states = {name: _held(state, number - self._last - 1) for name, state in states.items()}
            inputs.update(first=np.array([first], np.uint8), **states)
        found = self.session.run(inputs)
        self._states = {name: found[name.replace('past', 'next')] for name in about.states}
        self._last = number
        return found


def _held(state: np.ndarray, missing: int) -> np.ndarray:
    """States (1, frames, ...) after so many frames that are missing, for each of which the last one stands."""
    again = min(missing, state.shape[1])
    return np.concatenate([state[:, again:], np.repeat(state[:, -1:], again, axis=1)], axis=1) if again > 0 else state


def _with_range(session: GraphSession, image: np.ndarray) -> dict[str, np.ndarray]:
    inputs = dict(image=image)
    if session.description.input_type == 'any':
        inputs['range'] = np.array([[0, 1]], np.float32)
    return inputs
