"""What was asked for in a folder: the same command goes on there, another one does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import write_json

_FILE = 'finetune.json'


@dataclass(frozen=True)
class Call:
    """A command line.

    Attributes:
        command: As it was typed.
        arguments: What decides about the outcome; JSON values.
    """

    command: str
    arguments: Mapping[str, Any]

    def write(self, out: Path) -> None:
        """Note it in the folder of a fine-tuning."""
        write_json(out / _FILE, dict(command=self.command, arguments=dict(self.arguments)))

    def goes_on(self, out: Path) -> bool:
        """Whether a training was begun in the folder by this very call.

        Raises:
            ConfigError: ``out`` is a file, or another call began a training there.
        """
        if out.exists() and not out.is_dir():
            raise ConfigError(f'{out}: is a file', expected='a folder, or nothing yet')
        if not (out / 'work').exists():
            return False
        if not (out / _FILE).is_file():
            raise ConfigError(
                f'{out}: a fine-tuning was begun there, and {_FILE} is missing, which says by which command',
                cure=f'go on with its training by `{command_line("train", out / "config.py", "--resume")}`, or name '
                'another folder with --out',
            )
        begun = json.loads((out / _FILE).read_text(encoding='utf-8'))
        before = begun['arguments']
        names = [name for name in {**before, **self.arguments} if before.get(name) != self.arguments.get(name)]
        if names:
            differ = ', '.join(
                f'{name} {_said(before.get(name))}, now {_said(self.arguments.get(name))}' for name in names
            )
            raise ConfigError(
                f'{out}: a fine-tuning was begun there with other options ({differ})',
                cure=f'go on with it by `{begun["command"]}`, or name another folder with --out',
            )
        return True


def _said(value: Any) -> str:
    return 'not given' if value is None else str(value)
