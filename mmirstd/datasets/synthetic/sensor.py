"""The camera: optics, noise, gain, polarity and quantization.

Between optics and quantization an image is a *signal*: float32, 0 at black and 1 at full scale of a white-hot image,
values outside not yet clipped. Polarity is applied last, so a hot target always adds to the signal.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mmirstd.utils.renamed import renamed_attribute

from .config import SensorConfig


def _draw(span: tuple[float, float], rng: np.random.Generator) -> float:
    return float(rng.uniform(*span))


@dataclass
class Sensor:
    """One camera, its parameters drawn: everything that stays the same over a sequence.

    Make one with `Sensor.draw`, give it the scene with `expose_to`, then take frames with `noise` and `quantize`.

    Attributes:
        shape: (height, width) of a frame.
        bit_depth: 8 or 14.
        psf_sigma: px.
        netd: K.
        inverted: Whether the image is black-hot.
        fill, level, min_span: See `SensorConfig`.
        fixed_pattern: (H, W) float32, K: fixed-pattern and stripe noise.
        shading: (H, W) float32, fraction of full scale taken off by vignetting, or None.
        gain: Signal per K, set by `expose_to`.
        offset: Signal at 0 K, set by `expose_to`.
    """

    shape: tuple[int, int]
    bit_depth: int
    psf_sigma: float
    netd: float
    inverted: bool
    fill: float
    level: float
    min_span: float
    fixed_pattern: np.ndarray
    shading: np.ndarray | None
    gain: float = 1.0
    offset: float = 0.0

    @classmethod
    def draw(cls, config: SensorConfig, shape: tuple[int, int], rng: np.random.Generator) -> Sensor:
        """Draw a camera from the ranges of a configuration."""
        height, width = shape
        psf_sigma, netd = _draw(config.psf_sigma, rng), _draw(config.netd_mk, rng) / 1000
        inverted = config.polarity == 'black-hot' or (config.polarity == 'random' and bool(rng.random() < 0.5))
        fill, level = _draw(config.fill, rng), _draw(config.level, rng)
        pattern = rng.standard_normal(shape, dtype=np.float32) * np.float32(_draw(config.fpn_mk, rng) / 1000)
        pattern += rng.standard_normal((1, width), dtype=np.float32) * np.float32(
            _draw(config.column_stripe_mk, rng) / 1000
        )
        pattern += rng.standard_normal((height, 1), dtype=np.float32) * np.float32(
            _draw(config.row_stripe_mk, rng) / 1000
        )
        shading = None
        loss = _draw(config.vignetting, rng)
        if rng.random() < config.vignetting_prob and loss > 0:
            y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
            x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
            # cos^4 of the field angle is 1 - 2 r^2 + ...: the square of the radius is what is seen at these angles.
            shading = np.float32(loss) * (x**2 + y**2) / 2
        return cls(
            (height, width),
            config.bit_depth,
            psf_sigma,
            netd,
            inverted,
            fill,
            level,
            config.min_span_k,
            pattern,
            shading,
        )

    @property
    def full_scale(self) -> int:
        """The largest count: 255 or 16383."""
        return 2**self.bit_depth - 1

    def optics(self, temperature: np.ndarray) -> np.ndarray:
        """Blur a temperature map, (H, W) float32 in K, with the point spread function."""
        return cv2.GaussianBlur(temperature, (0, 0), self.psf_sigma, borderType=cv2.BORDER_REFLECT_101)

    def expose_to(self, temperature: np.ndarray) -> np.ndarray:
        """Blur a scene and set gain and offset by it (automatic gain control); return its signal, without noise.

        Args:
            temperature: (H, W) float32, K; a sequence gives the whole canvas, so that gain stays fixed.
        """
        blurred = self.optics(temperature)
        step = max(1, int(np.sqrt(blurred.size / 16384)))
        low, high = np.quantile(blurred[::step, ::step], (0.01, 0.99))
        full_span = max((high - low) / max(self.fill, 1e-3), self.min_span)
        self.gain = 1.0 / full_span
        self.offset = self.level - self.gain * (low + high) / 2
        return blurred * np.float32(self.gain) + np.float32(self.offset)

    def noise(self, signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One frame's signal: temporal noise, fixed pattern and vignetting added; (H, W) float32."""
        out = rng.standard_normal(self.shape, dtype=np.float32)
        out *= np.float32(self.netd)
        out += self.fixed_pattern
        out *= np.float32(self.gain)
        out += signal
        if self.shading is not None:
            out -= self.shading
        return out

    quantise = renamed_attribute('quantise', 'quantize')

    def quantize(self, signal: np.ndarray) -> np.ndarray:
        """Clip, invert where the camera is black-hot, and round; uint8 (8 bit) or uint16 (14 bit)."""
        clipped = np.clip(signal, 0, 1)
        if self.inverted:
            clipped = 1 - clipped
        return np.rint(clipped * np.float32(self.full_scale)).astype(np.uint8 if self.bit_depth == 8 else np.uint16)
