"""The commands: one module each; ``mmirstd NAME ...`` and the scripts of ``tools/`` run them.

A module has ``parse_args(argv)`` and ``main(argv)``. What it imports at its top needs neither torch, OpenMMLab nor
OpenCV, so ``--help`` and a misspelled option are answered at once. The work is imported in ``main``.
"""

from .dispatch import main, run_command

__all__ = ['main', 'run_command']
