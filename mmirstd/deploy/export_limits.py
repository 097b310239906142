"""What cannot be exported, and why: the one table that the command's errors and the docs show."""

from __future__ import annotations

from typing import Any

from mmirstd.utils.errors import ConfigError

#: Type of a method, or of a part of a network -> why there is no graph of it.
NOT_EXPORTED: dict[str, str] = {
    'IPI': 'it repeats eigenvalue decompositions until they converge, which graph formats do not have',
    'PSTNN': 'it repeats singular value decompositions until they converge, which graph formats do not have',
}


def reason_against(network: Any) -> tuple[str, str] | None:
    """The type of a network, or of one of its parts, that cannot be exported, and why; None: there is none.

    Args:
        network: A ``torch.nn.Module``.
    """
    kinds = [type(module).__name__ for module in network.modules()]
    return next(((kind, NOT_EXPORTED[kind]) for kind in kinds if kind in NOT_EXPORTED), None)


def check_exportable(network: Any, name: str) -> None:
    """Raise a ConfigError with the reason where a network cannot be exported.

    Args:
        network: A ``torch.nn.Module``.
        name: Name of the config, for the message.
    """
    found = reason_against(network)
    if found is not None:
        kind, reason = found
        raise ConfigError(
            f'{name}: {kind} cannot be exported: {reason}', cure='use it through mmirstd infer with its config'
        )
