"""A page in the browser to try detectors on one's own files: ``python tools/app.py [--model CONFIG [WEIGHTS]] ...``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmirstd.app.command import main
from mmirstd.engine.launch import run_tool

if __name__ == '__main__':
    run_tool(main)
