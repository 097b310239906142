"""How far float32 rounding can move a network's results, estimated in float64 and so the same on every machine.

Monte Carlo arithmetic (Parker, 1997): the network runs in float64, and what every operation returns is moved by random
noise of the size that float32 would have rounded away.  How the results scatter over a few such runs is this network's
own conditioning: two correct float32 runs, on whatever machines, may differ by as much and not by many times as much.
The noise has the size ``UNIT * sqrt(d) * max(|y|, s)``, with

- ``UNIT = 2**-24``, half the distance of neighboring float32 numbers, relative to them;
- ``y`` the result and ``d`` the number of additions that follow one another in it: independent errors grow with the
  square root of their number (Higham and Mary, 2019).  ``d`` is 1 for what is computed element by element, the number
  of products for convolutions and matrix products, and ``log2`` of the number of terms for sums, means and batch
  statistics, which PyTorch adds in pairs, or in float64.  Blocks (wide registers, several threads) only make it less;
- ``s`` the root of the sum of the squared terms: the size of the partial sums where the terms cancel.  For
  convolutions it is estimated from the root mean square of what they weigh.

Operations that only choose, copy or negate numbers are exact.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

UNIT = 2.0**-24
DRAWS = 4

aten = torch.ops.aten
_EXACT = {
    aten._to_copy,
    aten._unsafe_view,
    aten.abs,
    aten.adaptive_max_pool2d,
    aten.adaptive_max_pool2d_backward,
    aten.amax,
    aten.arange,
    aten.cat,
    aten.clamp,
    aten.clamp_min,
    aten.clone,
    aten.constant_pad_nd,
    aten.copy_,
    aten.empty,
    aten.empty_like,
    aten.eq,
    aten.fill_,
    aten.flip,
    aten.full,
    aten.full_like,
    aten.gather,
    aten.index,
    aten.index_select,
    aten.masked_fill,
    aten.masked_fill_,
    aten.max_pool2d_with_indices,
    aten.max_pool2d_with_indices_backward,
    aten.max_pool3d_with_indices,
    aten.max_pool3d_with_indices_backward,
    aten.maximum,
    aten.minimum,
    aten.ne,
    aten.neg,
    aten.new_empty,
    aten.new_empty_strided,
    aten.new_ones,
    aten.new_zeros,
    aten.ones,
    aten.ones_like,
    aten.pixel_shuffle,
    aten.pixel_unshuffle,
    aten.relu,
    aten.relu_,
    aten.repeat,
    aten.roll,
    aten.scalar_tensor,
    aten.select_backward,
    aten.sign,
    aten.slice_backward,
    aten.stack,
    aten.threshold_backward,
    aten.upsample_nearest2d,
    aten.where,
    aten.zero_,
    aten.zeros,
    aten.zeros_like,
}


class _Call:
    """One operation: what went in and came out, and what its rounding depends on."""

    def __init__(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any], results: Sequence[Any]) -> None:
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.results = results

    def squares(self) -> Tensor:
        """The sum of the squared terms of a sum of products: the operation on its squared arguments."""
        return self.func(*(x.square() if _is_double(x) else x for x in self.args), **self.kwargs)


def _is_complex_double(x: Any) -> bool:
    return torch.is_tensor(x) and x.dtype == torch.complex128


# Of each result the number of additions in a row and the sum of the squared terms, which broadcasts to it.
Sums = list[tuple[float, Tensor]]


def _convolution(call: _Call) -> Sums:
    x, weight = call.args[:2]
    transposed = call.args[6]
    squares = _weight_squares(weight, call.args[8], first_axis=not transposed)
    return [(weight[:, 0].numel() if transposed else weight[0].numel(), _channels(_power(x) * squares, x))]


def _convolution_backward(call: _Call) -> Sums:
    grad, x, weight = call.args[:3]
    transposed, groups = call.args[7], call.args[9]
    squares = _weight_squares(weight, groups, first_axis=transposed)
    places = grad.numel() / grad.shape[1]
    return [
        (weight[0].numel() if transposed else weight[:, 0].numel() / groups, _channels(_power(grad) * squares, x)),
        (places, places * _power(grad) * _power(x)),
        (places, grad.square().sum([0, *range(2, grad.ndim)])),
    ]


def _weight_squares(weight: Tensor, groups: int, first_axis: bool) -> Tensor:
    """Sums of squared weights for each channel of a weight's first axis, or for each of its second one."""
    if first_axis:
        return weight.square().flatten(1).sum(1)
    return weight.square().sum([0, *range(2, weight.ndim)]).repeat(groups) / groups


def _matrix_product(call: _Call) -> Sums:
    return [(call.args[-1].shape[-2], call.squares())]


def _pairwise(call: _Call) -> Sums:
    count = call.args[0].numel() / call.results[0].numel()
    squares = call.squares()
    return [(1 + math.log2(count), squares / count if call.func.overloadpacket is aten.mean else squares)]


def _fourier(call: _Call) -> Sums:
    # By Parseval, whatever the normalization: the mean power of the result is the sum of its squared terms.
    (result,) = call.results
    axes = call.args[1]
    power = result.abs().square().mean(axes, keepdim=True)
    return [(math.log2(math.prod(result.shape[axis] for axis in axes)), power)]


def _leave_real(noise: Tensor, x: Tensor, axes: Sequence[int]) -> None:
    """No rounding makes a frequency complex that is its own mirror, for a real signal: a sum with signs alone."""
    mirrors = [[0, x.shape[axis] // 2] if x.shape[axis] % 2 == 0 else [0] for axis in axes]
    for choice in itertools.product(*mirrors):
        index: list[Any] = [slice(None)] * x.ndim
        for axis, number in zip(axes, choice):
            index[axis] = number
        noise[(*index, 1)] = 0.0


def _few(call: _Call) -> Sums:
    return [(4, call.squares())]


def _power(x: Tensor) -> Tensor:
    return x.square().mean()


def _channels(values: Tensor, like: Tensor) -> Tensor:
    return values.view(1, -1, *[1] * (like.ndim - 2))


def _is_double(x: Any) -> bool:
    return torch.is_tensor(x) and x.dtype == torch.float64


_SUMS: dict[Any, Callable[[_Call], Sums]] = {
    aten.convolution: _convolution,
    aten.convolution_backward: _convolution_backward,
    aten.mm: _matrix_product,
    aten.bmm: _matrix_product,
    aten.addmm: _matrix_product,
    aten.baddbmm: _matrix_product,
    aten._fft_r2c: _fourier,
    aten._fft_c2c: _fourier,
    aten._fft_c2r: _fourier,
    aten.sum: _pairwise,
    aten.mean: _pairwise,
    aten.avg_pool2d: _few,
    aten.avg_pool2d_backward: _few,
    aten.upsample_bilinear2d: _few,
    aten.upsample_bilinear2d_backward: _few,
}


class RoundingNoise(TorchDispatchMode):
    """Within it, every operation on float64 tensors, forward and backward, returns its result with float32 noise.

    Args:
        seed: Of the noise, which is the same on every machine.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict | None = None) -> Any:
        """Run the operation and move what it returns."""
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        packet = func.overloadpacket
        is_view = any(r.alias_info is not None and not r.alias_info.is_write for r in func._schema.returns)
        if is_view or packet in _EXACT:
            return out
        results = out if isinstance(out, (tuple, list)) else [out]
        sums: Sequence[tuple[float, Tensor | None]] = [(1, None)] * len(results)
        if packet in _SUMS:
            sums = _SUMS[packet](_Call(func, args, kwargs, results))
        for result, (depth, squares) in zip(results, sums):
            if _is_double(result) or _is_complex_double(result):
                size = result.abs() if squares is None else torch.maximum(result.abs(), squares.sqrt())
                size = math.sqrt(depth) * size
                if result.is_complex():
                    result, size = torch.view_as_real(result), size[..., None]
                noise = self._noise(result) * size
                if packet is aten._fft_r2c:
                    _leave_real(noise, args[0], args[1])
                result.add_(noise)
        if packet is aten.native_batch_norm and args[5]:
            self._move_statistics(args, *results)
        return out

    def _noise(self, like: Tensor) -> Tensor:
        uniform = torch.rand(like.shape, dtype=torch.float64, generator=self.generator)
        return uniform.mul_(2 * UNIT).sub_(UNIT)

    def _move_statistics(self, args: Sequence[Any], out: Tensor, mean: Tensor, inverse_std: Tensor) -> None:
        """The rounding of a batch's statistics moves all that they normalize together."""
        x, weight, bias = args[:3]
        shape = [1, -1] + [1] * (x.ndim - 2)
        depth = math.sqrt(1 + math.log2(x.numel() / x.shape[1]))
        slope = inverse_std if weight is None else inverse_std * weight
        shift = self._noise(mean) * depth * torch.maximum(mean.abs(), 1 / inverse_std) * slope
        centered = out if bias is None else out - bias.view(shape)
        out.add_(centered * (self._noise(mean) * depth).view(shape)).add_(shift.view(shape))


def scatter(run: Callable[[], Sequence[Tensor]], draws: int = DRAWS) -> list[float]:
    """The effect of float32's rounding on what a computation in float64 returns, as root mean squares.

    Args:
        run: Gives the same results in every call.
        draws: Runs with noise.
    """
    exact, sums = run(), 0.0
    for seed in range(draws):
        with RoundingNoise(seed):
            noisy = run()
        sums = sums + torch.stack([(a - b).square().mean() for a, b in zip(noisy, exact, strict=True)])
    return (sums / draws).sqrt().tolist()
