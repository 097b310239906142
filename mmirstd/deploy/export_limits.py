"""What cannot be exported, and why: the one table that the command's errors and the docs show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmirstd.utils.errors import ConfigError

#: Type of a method, or of a part of a network -> why there is no graph of it.
NOT_EXPORTED: dict[str, str] = {
    'IPI': 'it repeats eigenvalue decompositions until they converge, which graph formats do not have',
    'PSTNN': 'it repeats singular value decompositions until they converge, which graph formats do not have',
}
#: The same for PyTorch's exported programs alone.
NO_PROGRAM: dict[str, str] = {
    'LVNetNeck': "PyTorch needs minutes to work out how its windows follow the image's size",
}


def reason_against(network: Any, limits: Mapping[str, str] = NOT_EXPORTED) -> tuple[str, str] | None:
    """The type of a network, or of one of its parts, that cannot be exported, and why; None: there is none.

    Args:
        network: A ``torch.nn.Module``.
        limits: ``NOT_EXPORTED`` or ``NO_PROGRAM``.
    """
    kinds = [type(module).__name__ for module in network.modules()]
    return next(((kind, limits[kind]) for kind in kinds if kind in limits), None)


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


def check_program(network: Any, name: str) -> None:
    """The same for an exported program."""
    found = reason_against(network, NO_PROGRAM)
    if found is not None:
        kind, reason = found
        raise ConfigError(f'{name}: {kind} has no exported program: {reason}', cure='--format onnx, or openvino')
