"""Further tests of a trained network, beside the default protocol at native size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmirstd.utils.errors import ConfigError

from .options import as_json, flatten_options


@dataclass(frozen=True)
class Evaluation:
    """One further test; its figures are ``test@NAME.METRIC``.

    Attributes:
        name: Distinct in a run.
        protocol: Of :mod:`mmirstd.evaluation.functional.protocols`.
        eval_size: Side in pixels to which images and masks are resized; None: native size.
        options: ``--cfg-options`` after those of the run, dotted key -> value.
    """

    name: str
    protocol: str = 'default'
    eval_size: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def made(self, entry: Mapping[str, Any] | None) -> bool:
        """Whether a record's entry (None: it has none) is of this very test."""
        if entry is None:
            return False
        keys = ('protocol', 'eval_size', 'cfg_options')  # the last only where there are options
        return self.described() == {key: entry[key] for key in keys if key in entry}

    def described(self) -> dict[str, Any]:
        """What a record says of it."""
        options = dict(cfg_options=as_json(self.options)) if self.options else {}
        return dict(protocol=self.protocol, eval_size=self.eval_size, **options)

    @property
    def command_name(self) -> str:
        """Of the folder and the file of the command that makes it."""
        return f'test_{self.name}' if self.options else f'test_{self.eval_size or "native"}'

    def pick(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        """This protocol's figures among those that ``tools/test.py`` reported, without its name before them."""
        if self.protocol == 'default':
            return {name: value for name, value in metrics.items() if '/' not in name}
        prefix = f'{self.protocol}/'
        return {name[len(prefix) :]: value for name, value in metrics.items() if name.startswith(prefix)}


def by_command(tests: Sequence[Evaluation]) -> list[list[Evaluation]]:
    """Those that one command makes: of one size, without options of their own."""
    names = dict.fromkeys(test.command_name for test in tests)
    return [[test for test in tests if test.command_name == name] for name in names]


def read_evaluations(
    common: Mapping[str, Any] | None, own: Mapping[str, Any] | None, where: str
) -> tuple[Evaluation, ...]:
    """Read ``tests`` of a suite and of one of its runs, which have the form of the schema.

    Args:
        common: The suite's: NAME -> mapping with ``protocol``, ``eval_size`` and ``cfg_options``, or the protocol
            alone.
        own: The run's, which replace the suite's of the same name; ``null`` takes one away.
        where: For messages.

    Raises:
        ConfigError: What is wrong.
    """
    found: dict[str, Evaluation] = {}
    for tests in (common, own):
        for name, entry in (tests or {}).items():
            if entry is None:
                if name not in found:
                    raise ConfigError(f'{where}: tests: {name}: the suite has no such test that could be left out')
                del found[name]
            else:
                found[name] = _evaluation(name, entry, f'{where}: tests: {name}')
    return tuple(found.values())


def _evaluation(name: str, entry: str | Mapping[str, Any], where: str) -> Evaluation:
    from mmirstd.evaluation.functional.protocols import get_protocol

    entry = dict(protocol=entry) if isinstance(entry, str) else entry
    size, options = entry.get('eval_size'), flatten_options(entry.get('cfg_options') or {}, f'{where}: cfg_options')
    try:
        protocol = get_protocol(entry.get('protocol', 'default')).name
    except KeyError as error:
        raise ConfigError(f'{where}: {error.args[0]}') from error
    if options and (name == 'native' or name.isdigit()):
        raise ConfigError(
            f'{where}: is the name of the tests of that size without cfg_options', cure='give it another name'
        )
    if protocol == 'default' and size is None and not options:
        raise ConfigError(f'{where}: the default protocol at native size is tested anyway, as test.METRIC')
    return Evaluation(name, protocol, size, options)
