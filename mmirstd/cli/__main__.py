"""``python -m mmirstd.cli COMMAND``: the console command, also under a launcher such as torchrun."""

import sys

from .dispatch import main

sys.exit(main())
