"""What a config says about its own training: how long, when it validates, which checkpoint it chooses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmirstd.engine.checkpoint_files import checkpoint_defect, numbered_checkpoints
from mmirstd.engine.evaluation_options import irstd_metrics
from mmirstd.utils.errors import CheckpointError, ConfigError

from .history import History


@dataclass(frozen=True)
class Plan:
    """From :func:`read_plan`.

    Attributes:
        trains: False for a method without training, and where a given checkpoint is tested.
        unit: ``'epoch'`` or ``'iter'``.
        length: Epochs or iterations of the training.
        val_begin: No validation before it.
        val_interval: Between validations.
        save_best: Metric that chooses the checkpoint on the validation split; None: the last checkpoint is taken.
        rule: ``'greater'`` or ``'less'``.
        per_image: Whether the test can say what happened in each image.
        given: The checkpoint is named in the suite.
    """

    trains: bool
    unit: str = 'epoch'
    length: int = 0
    val_begin: int = 1
    val_interval: int = 1
    save_best: str | None = None
    rule: str = 'greater'
    per_image: bool = False
    given: bool = False

    @property
    def selection(self) -> str:
        """The rule in words, for records and tables."""
        if self.given:
            return 'the file named in the suite'
        if not self.trains:
            return 'no training'
        if self.save_best is None:
            return 'last checkpoint'
        return f'{"highest" if self.rule == "greater" else "lowest"} {self.save_best} on the validation split'

    def validates(self, step: int) -> bool:
        """Whether the training validates after this epoch (iteration)."""
        return (
            self.save_best is not None
            and step >= self.val_begin
            and (step % self.val_interval == 0 or step == self.length)
        )


def read_plan(cfg: Any, name: str, given: bool = False) -> Plan:
    """Read the plan from a config.

    Args:
        cfg: ``mmengine.Config`` with all options merged.
        name: For messages.
        given: A checkpoint is given, so there is nothing to train.

    Raises:
        ConfigError: The choice of the checkpoint is not said by one metric and a rule.
    """
    per_image = bool(irstd_metrics(cfg))
    if given:
        return Plan(trains=False, per_image=per_image, given=True)
    if not cfg.get('train_cfg') or not cfg.get('train_dataloader') or not cfg.get('optim_wrapper'):
        return Plan(trains=False, per_image=per_image)
    loop = cfg.train_cfg
    unit = 'iter' if loop.get('max_iters') and not loop.get('max_epochs') else 'epoch'
    hook = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    best, rule = hook.get('save_best'), hook.get('rule')
    if best is not None and (not isinstance(best, str) or best == 'auto' or rule not in ('greater', 'less')):
        raise ConfigError(
            f'{name}: default_hooks.checkpoint has save_best={best!r}, rule={rule!r}; a benchmark needs '
            'the name of one metric and rule="greater" or "less", so that the choice is plain'
        )
    if best is not None and not cfg.get('val_dataloader'):
        raise ConfigError(f'{name}: default_hooks.checkpoint.save_best={best!r}, but there is no val_dataloader')
    return Plan(
        True,
        unit,
        int(loop.get(f'max_{unit}s')),
        int(loop.get('val_begin', 1)),
        int(loop.get('val_interval', 1)),
        best,
        rule or 'greater',
        per_image,
    )


def complete_checkpoints(work_dir: Path, unit: str) -> dict[int, Path]:
    """Complete ``epoch_N.pth`` (or ``iter_N.pth``) of a work dir by number; one may have been cut by a crash."""
    return {
        number: path for number, path in numbered_checkpoints(work_dir, unit).items() if checkpoint_defect(path) is None
    }


def resume_point(work_dir: Path, plan: Plan, history: History) -> Path | None:
    """The newest checkpoint that loses nothing; None: start anew.

    mmengine saves an epoch before it validates it, and a resumed training goes on with the next epoch; so a
    checkpoint whose validation was interrupted is passed over, or that epoch could never be chosen.
    """
    validated = history.validated()
    for step, path in sorted(complete_checkpoints(work_dir, plan.unit).items(), reverse=True):
        if not plan.validates(step) or step in validated:
            return path
    return None


def choose_checkpoint(work_dir: Path, plan: Plan, history: History) -> tuple[Path, int, dict[str, Any]]:
    """The checkpoint that the config's own rule chooses.

    Returns:
        File, epoch (or iteration), and its validation entry (empty without ``save_best``).

    Raises:
        CheckpointError: It is not there, or no validation was logged.
    """
    metric = plan.save_best
    if metric is None:
        numbered = complete_checkpoints(work_dir, plan.unit)
        if not numbered:
            raise CheckpointError(f'{work_dir} holds no {plan.unit}_N.pth after the training')
        return numbered[max(numbered)], max(numbered), {}
    entries = [e for e in history.val if isinstance(e.get(metric), (int, float)) and e[metric] == e[metric]]
    if not entries:
        raise CheckpointError(
            f'{work_dir}: no validation has {metric!r}, by which the config chooses; '
            f'found {sorted({k for e in history.val for k in e})}'
        )
    sign = 1 if plan.rule == 'greater' else -1
    best = max(entries, key=lambda e: (sign * e[metric], -e['step']))  # the first of equals, as mmengine
    file = work_dir / f'best_{metric.replace("/", "_")}_{plan.unit}_{best["step"]}.pth'
    if not file.is_file():
        raise CheckpointError(
            f'{file.name} is not in {work_dir}, though {plan.unit} {best["step"]} has the best '
            f'{plan.save_best}; found {sorted(p.name for p in work_dir.glob("best_*.pth"))}.\n'
            '  cure: delete that work dir and train again'
        )
    return file, best['step'], best
