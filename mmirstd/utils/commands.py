"""What the commands are called, by whom they were called, and how a message names another one.

Whoever came by the console command ``mmirstd`` reads ``mmirstd test ...``; whoever came by a script of ``tools/`` reads
``python tools/test.py ...``, with the folder as it was typed.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

from .resources import resource_root


class Command(NamedTuple):
    """A command.

    Attributes:
        summary: What it is for, in one line.
        script: Its door below ``tools/``; None: it has none.
    """

    summary: str
    script: str | None


#: ``mmirstd NAME`` -> what it is; the code is ``mmirstd.cli.NAME``, with ``_`` for ``-``.
COMMANDS: dict[str, Command] = {
    'train': Command('train a model', 'train.py'),
    'finetune': Command('from two folders, images and labels, to a fine-tuned network', 'finetune.py'),
    'test': Command('evaluate a checkpoint, or a method without training', 'test.py'),
    'evaluate': Command('measure the masks or maps that another program wrote', 'analysis_tools/evaluate.py'),
    'evaluate-tracks': Command('found targets, false tracks an hour, IDF1 of what `infer --track` wrote', None),
    'infer': Command('detect targets in your own images, videos and streams', 'infer.py'),
    'export': Command('write a network to a file that runs without PyTorch', 'export.py'),
    'calibrate': Command('choose the threshold for a false-alarm rate, and write it into the checkpoint', None),
    'report': Command('one HTML page of what `test --dump DIR` wrote', 'analysis_tools/report.py'),
    'compare': Command('is run B better than run A? Differences with intervals', 'analysis_tools/compare_runs.py'),
    'check-data': Command('list everything that is wrong with a data set', 'analysis_tools/check_dataset.py'),
    'browse': Command('see what the network sees after the pipeline', 'analysis_tools/browse_dataset.py'),
    'target-statistics': Command(
        'size, contrast and annotation of the targets of a data set', 'analysis_tools/target_statistics.py'
    ),
    'generate': Command('generate scenes or sequences with known targets', 'dataset_converters/make_synthetic.py'),
    'convert-labels': Command(
        'labels of YOLO, COCO, VOC, labelme, CVAT or masks into another format', 'dataset_converters/convert_labels.py'
    ),
    'txt-to-coco': Command("lists of SSTNet's data loader to COCO JSON", 'dataset_converters/txt_to_coco.py'),
    'pack-data': Command('a small copy of a data set, for a machine without network', None),
    'drone-ir': Command('the videos of Drone-IR to frames and COCO JSON', 'dataset_converters/drone_ir.py'),
    'app': Command('open the page in the browser', 'app.py'),
    'compare-networks': Command('train and test several networks with an equal budget on one data set', None),
    'benchmark': Command('train and test all runs of a suite, and write its tables', 'benchmark.py'),
    'zoo': Command('one table of all networks: size, speed, equality with the official code', 'analysis_tools/zoo.py'),
    'flops': Command('parameters and FLOPs of a network', 'analysis_tools/get_flops.py'),
    'speed': Command('time infer, the backends, the evaluation, a streaming detector', 'analysis_tools/speed.py'),
    'choose-threshold': Command(
        'choose the threshold of a classical method on training images', 'analysis_tools/choose_threshold.py'
    ),
    'plot-gradients': Command('gradient norms and cosines of runs in one picture', 'analysis_tools/plot_gradients.py'),
    'convert': Command('official weights to a checkpoint of ours', 'model_converters/official_to_mmirstd.py'),
    'verify-official': Command('official weights tested as their authors did, beside what they published', None),
    'publish': Command('a small file to hand on, from a training checkpoint', 'model_converters/publish_model.py'),
    'doctor': Command('what this machine has, what is missing, what to do', None),
}


def command_line(name: str, *words: str | os.PathLike[str]) -> str:
    """How the user types a command here, quoted for a shell.

    Args:
        name: Of ``COMMANDS``.
        words: Its arguments.
    """
    return shlex.join([*_program(name), *(os.fspath(word) for word in words)])


def program_name(name: str) -> str:
    """What the usage line calls a command: ``train.py``, or ``mmirstd train``."""
    return Path(sys.argv[0]).name if _folder_of_doors() is not None else f'mmirstd {name}'


def this_command(*words: str) -> list[str]:
    """The words of the command line that started this process.

    Args:
        words: What to put in place of the arguments. Default: as they were given.
    """
    given = list(words) or sys.argv[1:]
    if _came_by_console():
        return ['mmirstd', *given]
    return ['python', sys.argv[0], *given]


def python_program() -> tuple[str, ...]:
    """What runs a command of this very mmirstd in another process; :func:`python_path` goes with it."""
    return (sys.executable, '-m', 'mmirstd.cli')


def python_path() -> str:
    """``PYTHONPATH`` of such a process: this process may have found mmirstd in a checkout that is not installed."""
    source = str(Path(__file__).resolve().parents[2])
    before = os.environ.get('PYTHONPATH', '').split(os.pathsep)
    return os.pathsep.join([source, *(path for path in before if path and path != source)])


def _program(name: str) -> list[str]:
    folder, script = _folder_of_doors(), COMMANDS[name].script
    return ['mmirstd', name] if folder is None or script is None else ['python', (folder / script).as_posix()]


def _folder_of_doors() -> Path | None:
    """``tools/`` as the user wrote it, if this process was started by one of its scripts."""
    typed = Path(sys.argv[0] if sys.argv else '')
    tools = resource_root() / 'tools'
    # Not every tools/train.py is ours: mmdet's and mmseg's train our networks, too.
    try:
        inside = typed.resolve().relative_to(tools.resolve())
    except (OSError, ValueError):
        return None
    parents, depth = list(typed.parents), len(inside.parts)
    typed_folder = parents[depth - 1] if len(parents) >= depth else tools
    return typed_folder if typed_folder.resolve() == tools.resolve() else tools


def _came_by_console() -> bool:
    program = Path(sys.argv[0] if sys.argv else '')
    return program.stem == 'mmirstd' or program.parts[-2:] == ('cli', '__main__.py')
