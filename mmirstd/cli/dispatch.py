"""The console command ``mmirstd``: one word for each tool.

``mmirstd train CONFIG`` does what ``python tools/train.py CONFIG`` does; the tools travel with the package, so the
command works without a checkout, too.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence

from mmirstd.utils.near_matches import near_matches
from mmirstd.utils.resources import resource_root
from mmirstd.version import __version__

#: Command -> (the script below tools/ or the module that does it, what it is for).
COMMANDS: dict[str, tuple[str, str]] = {
    'train': ('train.py', 'train a model'),
    'test': ('test.py', 'evaluate a checkpoint, or a method without training'),
    'infer': ('infer.py', 'detect targets in your own images, videos and streams'),
    'report': ('analysis_tools/report.py', 'one HTML page of what `mmirstd test --dump DIR` wrote'),
    'check-data': ('analysis_tools/check_dataset.py', 'list everything that is wrong with a data set'),
    'app': ('app.py', 'open the page in the browser'),
    'doctor': ('mmirstd.compat', 'what this machine has, what is missing, what to do'),
    'compare': ('analysis_tools/compare_runs.py', 'is run B better than run A? Differences with intervals'),
    'benchmark': ('benchmark.py', 'train and test all runs of a suite, and write its tables'),
    'generate': ('dataset_converters/make_synthetic.py', 'generate scenes or sequences with known targets'),
    'zoo': ('analysis_tools/zoo.py', 'one table of all networks: size, speed, equality with the official code'),
    'browse': ('analysis_tools/browse_dataset.py', 'see what the network sees after the pipeline'),
    'flops': ('analysis_tools/get_flops.py', 'parameters and FLOPs of a network'),
    'convert': ('model_converters/official_to_mmirstd.py', 'official weights to a checkpoint of ours'),
    'publish': ('model_converters/publish_model.py', 'a small file to hand on, from a training checkpoint'),
}


def usage() -> str:
    """The text of ``mmirstd --help``."""
    width = max(map(len, COMMANDS))
    rows = '\n'.join(f'  {name:{width}}  {text}' for name, (_, text) in COMMANDS.items())
    return (
        f'mmirstd {__version__}: infrared small target detection\n\nusage: mmirstd COMMAND ...\n\n'
        f'commands:\n{rows}\n\n`mmirstd COMMAND --help` shows the options of a command.'
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: Words after ``mmirstd``; default: those of the command line.

    Returns:
        The exit status; a command may also leave by ``SystemExit``.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ('-h', '--help', 'help'):
        print(usage())
        return 0
    if words[0] in ('-V', '--version'):
        print(__version__)
        return 0
    if words[0] not in COMMANDS:
        close = near_matches(words[0], COMMANDS)
        print(
            f'error: mmirstd has no command {words[0]!r}'
            + (f'; did you mean: {", ".join(close)}?' if close else '')
            + f'\n\n{usage()}',
            file=sys.stderr,
        )
        return 2
    target = COMMANDS[words[0]][0]
    sys.argv = [target, *words[1:]]
    if target.endswith('.py'):
        script = resource_root() / 'tools' / target
        sys.argv[0] = str(script)
        runpy.run_path(str(script), run_name='__main__')
    else:
        runpy.run_module(target, run_name='__main__', alter_sys=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
