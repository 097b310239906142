"""Let configs inherit from installed packages: ``_base_ = 'mmseg::sem_fpn/fpn_r50_4xb4-160k_ade20k-512x512.py'``.

mmengine translates the scope into the name of a distribution and asks whether
that is installed.  For ``mmseg`` it knows ``mmsegmentation`` only, also in
onedl-mmengine 0.10.12, where it is ``onedl-mmsegmentation``; where no
distribution of the name is found, the module's own name finds it as well.
"""

from __future__ import annotations

import importlib.util


def ensure_config_scopes() -> list[str]:
    """Make mmengine find the packages that are installed under another distribution's name.

    Returns:
        list[str]: the scopes that needed it, e.g. ``['mmseg']``.
    """
    from mmengine.config.utils import MODULE2PACKAGE
    from mmengine.utils import is_installed
    changed = []
    for module, package in MODULE2PACKAGE.items():
        if package != module and importlib.util.find_spec(module) is not None and not is_installed(package):
            MODULE2PACKAGE[module] = module
            changed.append(module)
    return changed
