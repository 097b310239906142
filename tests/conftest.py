"""Settings of the whole suite."""

import os

from hypothesis import settings

# The same examples every time: CI must not fail by chance on a commit that changed nothing. To look for new ones:
#   HYPOTHESIS_PROFILE=explore pytest tests/...
settings.register_profile('suite', derandomize=True)
settings.register_profile('explore', max_examples=1000, deadline=None)
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'suite'))
