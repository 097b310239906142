"""Settings of the whole suite."""

import os

from hypothesis import settings

from mmirstd.compat import ensure_mmcv_ops

# Before any test module imports mmdet: parts of it that are imported without mmcv's operators keep NMS missing for the
# whole process, and which test module comes first depends on the command line.
ensure_mmcv_ops()

# The same examples every time: CI must not fail by chance on a commit that changed nothing. To look for new ones:
#   HYPOTHESIS_PROFILE=explore pytest tests/...
settings.register_profile('suite', derandomize=True)
settings.register_profile('explore', max_examples=1000, deadline=None)
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'suite'))
