"""The suite of a comparison, the configs of its networks, and where they are written."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mmirstd.benchmark.suite_schema import SCHEMA_FILE
from mmirstd.engine.schedule_option import find_schedule
from mmirstd.utils.commands import command_line
from mmirstd.utils.errors import ConfigError
from mmirstd.utils.files import write_text
from mmirstd.utils.resources import base_name

from .budget import Budget
from .data import ComparisonData
from .network import ComparedNetwork

_SUITE = """\
# yaml-language-server: $schema={schema}
# Written by:
#   {command}
# Change it as you like, and run it again:
#   {again}
# A run whose options are changed needs a new name, or its record in logs deleted.
"""
_CONFIG = """\
# {name} in a comparison. Data and schedule are the same for all; epochs and batch are in {suite}.
_base_ = [
{bases}]
{changes}"""
_COLUMNS: tuple[dict[str, Any], ...] = (
    dict(value='test.IoU'),
    dict(value='test.nIoU'),
    dict(value='test.Pd'),
    dict(value='test.Fa_e6', heading='Fa (1e-6)', format='.1f'),
    dict(value='run.inference_parameters', heading='parameters (k)', format='.0f', scale=1.0e-3, spread=False),
    dict(value='run.flops', heading='GFLOPs', format='.2f', scale=1.0e-9, spread=False),
    dict(value='run.training_s', heading='training (min)', format='.2f', scale=0.0166666667),
)


class Comparison:
    """Networks, data and budget as a suite beside its results.

    Args:
        networks: What is compared.
        data: On which data.
        budget: With which trainings.
        out: Files of the results; suite, configs, records and checkpoints are beside the first.
        command: The command line, for the suite's first lines.
    """

    def __init__(
        self,
        networks: Sequence[ComparedNetwork],
        data: ComparisonData,
        budget: Budget,
        out: Sequence[Path],
        command: str = '',
    ) -> None:
        self.networks, self.data, self.budget, self.out = list(networks), data, budget, list(out)
        self._command = command
        self.suite = out[0].with_suffix('.yml')
        #: Configs of the networks, and of the user's data.
        self.configs = self.suite.with_suffix('')

    def content(self) -> dict[str, Any]:
        """Of the suite file."""
        runs = []
        for network in self.networks:
            run: dict[str, Any] = dict(name=network.name, config=f'{self.configs.name}/{network.name}.py')
            if network.trains:
                run['cfg_options'] = self.budget.options()
            else:
                run['seeds'] = list(self.budget.seeds[:1])
            runs.append(run)
        root = {} if self.data.root is None else dict(data_roots=dict(data=str(self.data.root)))
        note = f'Each network was trained for {self.budget}, with its own loss. The epochs are equal, the time is not.'
        return dict(
            **root,
            seeds=list(self.budget.seeds),
            runs=runs,
            tables=[dict(name='networks', columns=[dict(column) for column in _COLUMNS], note=note)],
        )

    def write(self) -> bool:
        """Write suite and configs; what is there stays as it is.

        Returns:
            Whether they are new.

        Raises:
            ConfigError: Another suite is there, or this one was changed by hand.
        """
        content = self.content()
        again = command_line('benchmark', self.suite, *(word for path in self.out for word in ('--out', str(path))))
        if self.suite.exists():
            if yaml.safe_load(self.suite.read_text(encoding='utf-8')) != content:
                raise ConfigError(
                    f'{self.suite}: is the suite of another comparison, or was changed since it was written',
                    cure=f'run it as it is by `{again}`, or name other results by --out',
                )
            self._check_data(again)
            return False
        self.configs.mkdir(parents=True, exist_ok=True)
        self.data.write(self.configs)
        for network in self.networks:
            write_text(self.configs / f'{network.name}.py', self._config_text(network))
        head = _SUITE.format(schema=SCHEMA_FILE, command=self._command, again=again)
        write_text(
            self.suite, head + yaml.dump(content, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=110)
        )
        return True

    def _check_data(self, again: str) -> None:
        """The suite names the data by the configs and lists beside it alone: these must be of the same data."""
        with tempfile.TemporaryDirectory() as made:
            self.data.write(Path(made))
            others = [
                self.configs / path.name
                for path in sorted(Path(made).iterdir())
                if (text := _bytes(self.configs / path.name)) is not None and text != path.read_bytes()
            ]
        for network in self.networks:
            text = _bytes(path := self.configs / f'{network.name}.py')
            if text is not None and repr(self.data.base) not in text.decode('utf-8'):
                others.append(path)
        if others:
            raise ConfigError(
                f'{others[0]}: is of other data, or was changed since it was written',
                cure=f'run the comparison that is there by `{again}`, or name other results by --out',
            )

    def _config_text(self, network: ComparedNetwork) -> str:
        bases = [] if network.model is None else [network.model]
        bases.append(self.data.base)
        bases += [base_name(find_schedule(self.budget.schedule))] if network.trains else []
        bases.append('mmirstd::_base_/default_runtime.py')
        return _CONFIG.format(
            name=network.name,
            suite=self.suite.name,
            bases=''.join(f'    {base!r},\n' for base in bases),
            changes=f'\n{network.changes}' if network.changes else '',
        )


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


class _Dumper(yaml.SafeDumper):
    """Without anchors: options that are equal are written for each run, so that one can be changed."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
