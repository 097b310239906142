"""mmirstd: infrared small target detection on OpenMMLab.

Importing this package is cheap and needs neither mmengine nor torch, so that
:mod:`mmirstd.evaluation.functional` can be used alone.  Configs bring the
registries in with ``custom_imports = dict(imports=['mmirstd.registry'])``.
"""

from .version import __version__

__all__ = ['__version__']
