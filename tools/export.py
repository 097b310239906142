"""A door for use in a checkout: does what ``mmirstd export`` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmirstd.cli import run_command

if __name__ == '__main__':
    sys.exit(run_command('export'))
