"""How an official state dict becomes ours: renaming by prefix, and folding of repeated gray input channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# thop, a FLOP counter several official codes call, leaves these buffers in their checkpoints.
_COUNTER_BUFFERS = ('total_ops', 'total_params')


@dataclass(frozen=True)
class KeyMap:
    """Conversion of one architecture.

    Attributes:
        prefixes: Official module path -> our module path; both end at a module boundary.  An official key is
            renamed by the longest path it begins with.
        gray_convs: Our keys of the convolutions that see the repeated gray image; their weights (O, 3, k, k) may
            be summed over the channels, which is exact because the channels are equal.  None for an official network
            with one input channel.  After a space-to-depth step
            (YOLOX's Focus) the weights are (O, 4 * 3, k, k), the three channels of a position side by side.
        model: Network that the result loads into, by its name in our configs; then, if it is not all of it, which part.
        source: Repository and file of the official code.
        unused: Like ``prefixes``, for parameters that the official network has but whose results it never uses.  Left
            out by default, because our networks make them on request only (``official_unused=True``).
        dropped: Official module paths that are always left out: constants that our network computes, and modules that
            the official network makes and never uses.
        transforms: Our key -> function from the official tensor to ours, for parameters whose form differs
            (:func:`swap_inputs`, :func:`linear_to_conv`, :func:`drop_time`).
        unfoldable: Why the three input channels of the official network cannot be folded into one; empty if they can
            or if there is only one.
    """

    prefixes: Mapping[str, str]
    gray_convs: tuple[str, ...]
    model: str
    source: str
    unused: Mapping[str, str] = field(default_factory=dict)
    transforms: Mapping[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    unfoldable: str = ''

    @property
    def network(self) -> str:
        """The network's name alone."""
        return self.model.split(' ')[0]

    def rename(self, key: str) -> str | None:
        """Our name of an official key, or None for a key that has no place in the network."""
        return _rename(key, {**self.prefixes, **self.unused})

    def is_unused(self, key: str) -> bool:
        """Whether an official key belongs to a parameter that the official network never uses."""
        return _rename(key, self.unused) is not None

    def is_dropped(self, key: str) -> bool:
        """Whether an official key is always left out."""
        return any(key == path or key.startswith(f'{path}.') for path in self.dropped)

    def official(self, key: str) -> str:
        """The official name of one of our keys."""
        return next(
            old + key[len(new) :] for old, new in self.prefixes.items() if key == new or key.startswith(f'{new}.')
        )

    def convert(self, official: Mapping[str, Tensor], in_channels: int, keep_unused: bool = False) -> dict[str, Tensor]:
        """Rename every key and fold the input channels.

        Args:
            official: Official state dict; a ``module.`` prefix (DataParallel), a ``model.`` before every key
                (BasicIRSTD's wrapper) or a ``decode_head.`` (ABC's) and FLOP-counter buffers are removed.
            in_channels: 3 keeps the official form, 1 sums the weights over the repeated gray channels.
            keep_unused: Keep the parameters that the official network never uses.

        Raises:
            ValueError: If keys are unknown, or modules or weights that are changed are missing (named), or the input
                channels are neither 1 nor 3, or 3 of a network that has one.
        """
        state = {key: value for key, value in strip_wrappers(official).items() if not self.is_dropped(key)}
        renamed = {key: self.rename(key) for key in state}
        unknown = [key for key, name in renamed.items() if name is None]
        used = {name for name in renamed.values() if name}
        missing = [
            old for old, new in self.prefixes.items() if not any(u == new or u.startswith(new + '.') for u in used)
        ]
        if unknown or missing:
            raise ValueError(
                f'this is not a state dict of {self.source}: {len(unknown)} of {len(state)} keys are unknown '
                f'{unknown[:5]}, {len(missing)} expected modules are missing {missing[:5]}'
            )
        converted = {
            name: state[key]
            for key, name in renamed.items()
            if name is not None and (keep_unused or not self.is_unused(key))
        }
        changed = {*self.transforms, *(self.gray_convs if in_channels == 1 else ())}
        if absent := sorted(self.official(key) for key in changed - set(converted)):
            raise ValueError(
                f'this is no complete state dict of {self.source}: {len(absent)} weights are missing {absent[:5]}'
            )
        for key, transform in self.transforms.items():
            converted[key] = transform(converted[key])
        if in_channels not in (1, 3):
            raise ValueError(f'in_channels must be 1 (folded) or 3 (official form), got {in_channels}')
        if in_channels == 1 and self.unfoldable:
            raise ValueError(
                f'the three input channels of {self.source} cannot be folded into one, because {self.unfoldable}; use '
                '--in-channels 3, and test with --cfg-options model.backbone.in_channels=3'
            )
        if in_channels == 3 and not self.gray_convs and not self.unfoldable:
            raise ValueError(f'{self.source} has one input channel: --in-channels 3 is for networks with three')
        for key in self.gray_convs if in_channels == 1 else ():
            # In double precision, so that the fold itself adds no rounding beyond the final cast.
            weight = converted[key]
            if weight.shape[1] % 3 == 0:
                converted[key] = weight.double().unflatten(1, (-1, 3)).sum(dim=2).to(weight.dtype)
        return converted


def strip_wrappers(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict without what training scripts add: see :meth:`KeyMap.convert`."""
    state = {
        key.removeprefix('module.'): value
        for key, value in official.items()
        if key.split('.')[-1] not in _COUNTER_BUFFERS
    }
    for wrapper in ('model.', 'decode_head.'):
        if all(key.startswith(wrapper) for key in state):
            state = {key.removeprefix(wrapper): value for key, value in state.items()}
    return state


def swap_inputs(weight: Tensor) -> Tensor:
    """Reverse a convolution's input channels (O, I, k, k): official codes stack the mean before the maximum."""
    return weight.flip(1)


def linear_to_conv(weight: Tensor) -> Tensor:
    """Weight of a linear layer (O, I) as that of a 1x1 convolution (O, I, 1, 1)."""
    return weight[:, :, None, None]


def drop_time(weight: Tensor) -> Tensor:
    """Weight of a 3-D convolution with one frame (O, I, 1, k, k) as that of a 2-D convolution."""
    return weight.squeeze(2)


def _rename(key: str, prefixes: Mapping[str, str]) -> str | None:
    parts = key.split('.')
    for end in range(len(parts), 0, -1):
        prefix = '.'.join(parts[:end])
        if prefix in prefixes:
            return '.'.join([prefixes[prefix], *parts[end:]])
    return None
