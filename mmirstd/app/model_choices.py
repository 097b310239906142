"""The models a person may choose from, and those that are in memory."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import yaml

from mmirstd.apis.base_inferencer import TargetInferencer
from mmirstd.apis.build import build_inferencer
from mmirstd.apis.model_loading import as_config, config_name, default_weights
from mmirstd.engine.checkpoint_files import find_checkpoint
from mmirstd.engine.config_files import REPO_ROOT
from mmirstd.engine.default_model import DEFAULT_MODEL
from mmirstd.engine.views_option import takes_views


@dataclass(frozen=True)
class ModelChoice:
    """A model that can be used as it is.

    Attributes:
        name: What people see.
        config: Config file.
        weights: Checkpoint, None where nothing is learned.
    """

    name: str
    config: str
    weights: str | None = None


def given_choice(config: str, weights: str | None = None) -> ModelChoice:
    """What a user names: a config file or the name of one, and its checkpoint (else: the metafile's).

    Raises:
        ConfigError: There is no such config.
        CheckpointError: There is no such checkpoint.
    """
    cfg: Any = as_config(config)
    weights = weights or default_weights(cfg)
    name = config_name(cfg)
    if weights is not None:
        weights = find_checkpoint(weights)
        name = f'{name} ({os.path.basename(weights)})'
    return ModelChoice(name, cfg.filename, weights)


def shipped_choices() -> list[ModelChoice]:
    """What works right after set-up: models whose weights lie in the repository, then the methods that learn nothing.

    Both are taken from ``configs/*/metafile.yml``: an entry whose ``Weights`` is a file that exists, first the one that
    ``mmirstd infer`` takes where none is named, then by the number of data sets in training, since nobody knows what
    will be sent; and the first entry of each collection with
    ``Training Data: none ...``, the best F1 first.
    """
    pretrained, untrained = [], []
    for path in sorted((REPO_ROOT / 'configs').glob('*/metafile.yml')):
        content = yaml.safe_load(path.read_text(encoding='utf-8')) or {}
        entries = content.get('Models') or []
        for entry in entries:
            weights = entry.get('Weights')
            weights = weights[0] if isinstance(weights, list) else weights
            if weights and '://' not in weights and (REPO_ROOT / weights).is_file():
                trained_on = (entry.get('Metadata') or {}).get('Training Data') or []
                sets = len(trained_on) if isinstance(trained_on, list) else 1
                choice = ModelChoice(
                    f'{entry["Name"]} (pretrained)', str(REPO_ROOT / entry['Config']), str(REPO_ROOT / weights)
                )
                pretrained.append(((entry['Name'] != DEFAULT_MODEL, -sets), choice))
        for collection in content.get('Collections') or []:
            entry = next((e for e in entries if e.get('In Collection') == collection['Name']), None)
            if entry and str(collection.get('Metadata', {}).get('Training Data', '')).startswith('none'):
                figures = [result.get('Metrics', {}).get('F1', 0) for result in entry.get('Results') or ()]
                untrained.append((-max(figures, default=0), collection['Name'], str(REPO_ROOT / entry['Config'])))
    pretrained.sort(key=lambda entry: entry[0])
    return [
        *(choice for _, choice in pretrained),
        *(ModelChoice(f'{name} (no training)', config) for _, name, config in sorted(untrained)),
    ]


class ModelShelf:
    """Inferencers of the choices, built when they are first asked for; the last few are kept.

    Args:
        choices: The choices; of two with the same name the first counts.
        device: Where to compute; None: the GPU if there is one.
        keep: Inferencers in memory at most.
        options: For :func:`~.build.build_inferencer`.
    """

    def __init__(
        self, choices: Iterable[ModelChoice], device: str | None = None, keep: int = 4, **options: Any
    ) -> None:
        self.choices: dict[str, ModelChoice] = {}
        for choice in choices:
            self.choices.setdefault(choice.name, choice)
        self.device = device
        self.options = options
        self._keep = keep
        self._built: OrderedDict[tuple[Any, ...], TargetInferencer] = OrderedDict()
        #: Held while a network runs: a detector has a state, and images in parallel would only fight for the cores.
        self.lock = Lock()

    @property
    def names(self) -> Sequence[str]:
        """Of the choices, the default first."""
        return list(self.choices)

    def takes_views(self, name: str) -> bool:
        """Whether a choice has test-time augmentation; detectors, models of clips and classical methods have none."""
        return takes_views(as_config(self.choices[name].config))

    def get(self, name: str, load_options: Mapping[str, Any] | None = None, tta: str | None = None) -> TargetInferencer:
        """The inferencer of a choice; call it with :attr:`lock` held.

        Args:
            name: Of the choice.
            load_options: How gray values become the network's input, as for the inferencers; None: as in the config.
            tta: Test-time augmentation, as for the inferencers; None: as in the config.

        Raises:
            UserError: The model cannot be built.
            KeyError: There is no such choice.
        """
        given = dict(load_options or {})
        key = name, tta, *sorted(given.items())
        if key not in self._built:
            choice = self.choices[name]
            self._built[key] = build_inferencer(
                choice.config,
                choice.weights,
                device=self.device,
                show_progress=False,
                normalize=given.pop('normalize', None),
                load_options=given,
                tta=tta,
                **self.options,
            )
            while len(self._built) > self._keep:
                self._built.popitem(last=False)
        self._built.move_to_end(key)
        return self._built[key]
