"""Random fields with a power-law spectrum: the raw material of clouds, terrain and water."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import fft


def fractal_field(
    shape: tuple[int, int],
    beta: float,
    rng: np.random.Generator,
    *,
    stretch: float = 1.0,
    angle: float = 0.0,
    periodic: bool = False,
) -> np.ndarray:
    """A Gaussian random field whose power falls as 1/f^beta.

    Natural scenes, thermal ones too, have beta near 2; clouds are smoother (Kolmogorov turbulence seen in two
    dimensions gives 8/3 to 11/3). In the two training splits measured for the defaults beta has a median of 3.2.

    Args:
        shape: (height, width), px.
        beta: Exponent of the power spectrum.
        rng: Source of randomness.
        stretch: Structures are this many times longer along the axis given by ``angle`` than across it.
        angle: Direction of the stretch, degrees, 0 along x.
        periodic: Whether opposite borders must fit together (a texture tile). Otherwise the period is larger than
            the field, so that they do not.

    Returns:
        (height, width) float32 with mean 0 and standard deviation 1.
    """
    height, width = shape
    grow = 1 if periodic else 1.125
    rows = int(height) if periodic else fft.next_fast_len(int(height * grow), real=True)
    cols = int(width) if periodic else fft.next_fast_len(int(width * grow), real=True)
    # In cycles per pixel, so that structures have the same size in px whatever the shape of the canvas.
    fy = np.fft.fftfreq(rows).astype(np.float32)[:, None]
    fx = np.fft.rfftfreq(cols).astype(np.float32)[None, :]
    if stretch != 1.0:
        cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        root = np.sqrt(stretch)
        along, across = (fx * cos + fy * sin) * root, (fy * cos - fx * sin) / root
        power = along**2 + across**2
    else:
        power = fx**2 + fy**2
    power[0, 0] = 1.0
    amplitude = np.power(power, np.float32(-beta / 4), dtype=np.float32)
    amplitude[0, 0] = 0.0
    noise = rng.standard_normal((2, rows, cols // 2 + 1), dtype=np.float32)
    spectrum = np.empty(noise.shape[1:], np.complex64)
    spectrum.real = noise[0] * amplitude
    spectrum.imag = noise[1] * amplitude
    out = fft.irfft2(spectrum, s=(rows, cols))[:height, :width]
    out = np.ascontiguousarray(out, dtype=np.float32)
    mean, std = cv2.meanStdDev(out)
    return (out - np.float32(mean[0, 0])) / np.float32(max(std[0, 0], 1e-12))


def fractal_line(length: int, beta: float, rng: np.random.Generator) -> np.ndarray:
    """A one-dimensional field with a 1/f^beta spectrum: ridges and tree lines.

    Returns:
        (length,) float32 with mean 0 and standard deviation 1.
    """
    size = fft.next_fast_len(2 * int(length), real=True)
    freq = np.fft.rfftfreq(size)
    freq[0] = 1.0
    spectrum = (rng.standard_normal(freq.size) + 1j * rng.standard_normal(freq.size)) * freq ** (-beta / 2)
    spectrum[0] = 0.0
    out = fft.irfft(spectrum, n=size)[:length]
    out = out - out.mean()
    return (out / max(out.std(), 1e-12)).astype(np.float32)


def warp(field: np.ndarray, strength: float, rng: np.random.Generator, beta: float = 3.5) -> np.ndarray:
    """Displace a field by another one (domain warping): isotropic noise becomes wisps and billows.

    Args:
        field: (H, W) float32.
        strength: Standard deviation of the displacement, px.
        rng: Source of randomness.
        beta: Spectral exponent of the displacement.

    Returns:
        (H, W) float32; borders are mirrored.
    """
    height, width = field.shape
    # The displacement is smooth: a quarter of the resolution is enough and a good deal faster.
    small = (max(8, height // 4), max(8, width // 4))
    grid_y, grid_x = np.indices((height, width), dtype=np.float32)
    dx = cv2.resize(fractal_field(small, beta, rng), (width, height), interpolation=cv2.INTER_LINEAR)
    dy = cv2.resize(fractal_field(small, beta, rng), (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.remap(
        field,
        grid_x + np.float32(strength) * dx,
        grid_y + np.float32(strength) * dy,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def smoothstep(field: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below ``low``, 1 above ``high``, a smooth cubic between them; float32."""
    t = np.clip((field - low) / max(high - low, 1e-9), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)
