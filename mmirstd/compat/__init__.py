"""The only place that knows which OpenMMLab distribution is installed, and what the machine has.

Everything that differs between the maintained line (``onedl-*``) and the
original packages (``mmengine``, ``mmcv``, ``mmdet``, ``mmsegmentation``), or
between an mmcv with and without compiled operators, is settled here, so that
the rest of mmirstd is written against one API; what follows from the CPU or GPU is
decided in :mod:`.precision`.  ``python -m mmirstd.compat``
reports on both.  Importing this package imports neither torch nor
any OpenMMLab package.
"""

from typing import TYPE_CHECKING

from mmirstd.utils.renamed import renamed_names

from .checkpoint import install_safe_checkpoint_loading, load_checkpoint_file
from .config_scopes import ensure_config_scopes
from .library_warnings import ignore_library_warnings
from .onedl_notice import silence_onedl_notice
from .ops import compiled_ops_available, ensure_mmcv_ops
from .stock_inference import adapt_stock_inference

__all__ = [
    'adapt_stock_inference',
    'compiled_ops_available',
    'ensure_config_scopes',
    'ensure_mmcv_ops',
    'ignore_library_warnings',
    'install_safe_checkpoint_loading',
    'load_checkpoint_file',
    'silence_onedl_notice',
]
if not TYPE_CHECKING:
    __getattr__ = renamed_names(
        __name__, {name: f'mmirstd.utils.errors.{name}' for name in ('CheckpointError', 'UnsafeCheckpointError')}
    )
