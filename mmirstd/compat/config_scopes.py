"""Let configs inherit from installed packages: ``_base_ = 'mmseg::sem_fpn/fpn_r50_4xb4-160k_ade20k-512x512.py'``.

mmengine translates the scope into the name of a distribution and asks whether
that is installed.  For ``mmseg`` it knows ``mmsegmentation`` only, also in
onedl-mmengine 0.10.12, where it is ``onedl-mmsegmentation``; where no
distribution of the name is found, the module's own name finds it as well.
"""

from __future__ import annotations

import importlib.util
from importlib import metadata


def _is_distribution(name: str) -> bool:
    # mmengine's own is_installed needs pkg_resources in 0.10.7, which setuptools no longer ships.
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def ensure_config_scopes() -> list[str]:
    """Make mmengine find the packages that are installed under another distribution's name.

    Returns:
        list[str]: the scopes that needed it, e.g. ``['mmseg']``.
    """
    from mmengine.config.utils import MODULE2PACKAGE
    changed = []
    for module, package in MODULE2PACKAGE.items():
        if package != module and importlib.util.find_spec(module) is not None and not _is_distribution(package):
            MODULE2PACKAGE[module] = module
            changed.append(module)
    return changed
