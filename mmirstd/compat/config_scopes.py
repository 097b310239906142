"""Let configs inherit from installed packages: ``_base_ = 'mmseg::sem_fpn/fpn_r50_4xb4-160k_ade20k-512x512.py'``.

mmengine knows a fixed list of packages, and gives what it inherits the package's scope, in which ``EncoderDecoder``
of mmseg is not found.  ``mmirstd::ggl_net/...`` is therefore resolved here: to our file, whose types carry their own
scope.

mmengine translates the scope into the name of a distribution and asks whether
that is installed.  For ``mmseg`` it knows ``mmsegmentation`` only, also in
onedl-mmengine 0.10.12, where it is ``onedl-mmsegmentation``; where no
distribution of the name is found, the module's own name finds it as well.
"""

from __future__ import annotations

import importlib.util
from importlib import metadata
from typing import Any

from mmirstd.utils.resources import resource_root

OWN_SCOPE = 'mmirstd::'


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
        The scopes that needed it, e.g. ``['mmseg']``.
    """
    from mmengine.config import Config
    from mmengine.config.utils import MODULE2PACKAGE

    _resolve_own_scope(Config)
    MODULE2PACKAGE['mmirstd'] = 'mmirstd'  # for mmengine.hub.get_config
    changed = []
    for module, package in MODULE2PACKAGE.items():
        if package != module and importlib.util.find_spec(module) is not None and not _is_distribution(package):
            MODULE2PACKAGE[module] = module
            changed.append(module)
    return changed


def _resolve_own_scope(config_class: Any) -> None:
    """Let ``_base_`` and ``Config.fromfile`` take ``mmirstd::FOLDER/NAME.py``."""
    inherited, read = config_class._get_cfg_path, config_class.fromfile
    if hasattr(read, 'knows_mmirstd'):
        return

    def get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        if cfg_path.startswith(OWN_SCOPE):
            return own_config(cfg_path), None
        return inherited(cfg_path, filename)

    def fromfile(filename: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(filename, str) and filename.startswith(OWN_SCOPE):
            filename = own_config(filename)
        return read(filename, *args, **kwargs)

    fromfile.knows_mmirstd = True  # type: ignore[attr-defined]  # the mark that is looked for above
    fromfile.__doc__ = read.__doc__
    config_class._get_cfg_path = staticmethod(get_cfg_path)
    config_class.fromfile = staticmethod(fromfile)


def own_config(address: str) -> str:
    """The file of ``mmirstd::FOLDER/NAME.py``."""
    return str(resource_root() / 'configs' / address[len(OWN_SCOPE) :])
