"""Networks, losses and classical detectors, registered under the scope ``mmirstd``."""

# First: it puts the stand-in for mmcv's ops in place, before anything of mmdet is imported.
import mmirstd.registry  # noqa: F401

from .backbones import *  # noqa: F403
from .data_preprocessors import *  # noqa: F403
from .decode_heads import *  # noqa: F403
from .detectors import *  # noqa: F403
from .losses import *  # noqa: F403
from .motion_branches import *  # noqa: F403
from .necks import *  # noqa: F403
from .segmentors import *  # noqa: F403
