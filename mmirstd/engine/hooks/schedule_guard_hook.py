"""A run that continues under another schedule than the one it was saved with: refused, or fitted."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmirstd.registry import HOOKS
from mmirstd.utils.errors import ConfigError

from .preemption_hook import batches_passed_over
from .time_budget_hook import BUDGET_KEY, TimeBudgetHook

#: Entries of a scheduler's state that follow from the steps it has taken, or from the optimizer, or, with
#: ``ReduceOnPlateau``, from what was measured.
_MOVING = {
    *('last_step', '_global_step', '_last_value', 'base_values', 'verbose', 'optimizer'),
    *('best', 'num_bad_epochs', 'cooldown_counter'),
}


@HOOKS.register_module()
class ScheduleGuardHook(Hook):
    """Compare the schedules in a checkpoint with the config's when a run continues.

    mmengine restores a scheduler with its length and all its settings, so with more epochs a one-cycle schedule has
    ended and the rest of the run has the last rate (8e-9), and a changed setting has no effect; both without a word.
    The same holds of a run that :class:`TimeBudgetHook` has brought ahead, and that continues without it.

    Args:
        new_schedule: Take the config's schedules, at the point that the run has reached, in place of the checkpoint's:
            the rate is that of a run which had the config's length and settings from its start. Otherwise
            schedules that differ are an error.
        filename: The checkpoint's name, for messages.
    """

    # after CheckpointGuardHook, which sees that the file holds the state of a run
    priority = 'HIGH'

    def __init__(self, new_schedule: bool = False, filename: str = 'the checkpoint') -> None:
        self.new_schedule = new_schedule
        self.filename = filename
        self._groups: list[tuple[Any, list[dict]]] = []
        self._batches = 0

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Check, or set aside, the schedules of a checkpoint from which a run continues.

        Raises:
            ConfigError: They differ from the config's; or the new one depends on what was measured in the run; or they
                followed a clock that the run no longer has.
        """
        if not runner._resume or 'param_schedulers' not in checkpoint:
            return
        schedulers = list(_each(runner.param_schedulers))
        if self.new_schedule:
            measured = _measured(schedulers)
            if measured:
                raise ConfigError(
                    f'--new-schedule: {measured[0]} follows the measures of the run, so its rate at this '
                    'point is not known.'
                )
            del checkpoint['param_schedulers']
            self._batches = batches_passed_over(checkpoint)
            # The optimizer's state is about to bring the old rates.
            names = {item.param_name for item in schedulers}
            self._groups = [
                (
                    optimizer,
                    [
                        {key: value for key, value in group.items() if _is_scheduled(key, names)}
                        for group in optimizer.param_groups
                    ],
                )
                for optimizer in _optimizers(schedulers)
            ]
            return
        if not schedulers:
            return  # the config has none: the rate stays as it is
        self._check_clock(runner, checkpoint)
        states = list(_each(checkpoint['param_schedulers']))
        differences = (
            [f'{len(states)} schedulers in the checkpoint, {len(schedulers)} in the config']
            if len(states) != len(schedulers)
            else [text for state, scheduler in zip(states, schedulers) for text in _differences(state, scheduler)]
        )
        differences = list(dict.fromkeys(differences))  # several optimizers have the same schedule
        if differences:
            raise ConfigError(self._refusal(differences, states, schedulers, checkpoint))

    def before_train(self, runner: Runner) -> None:
        """Bring the config's schedules to the point that the run has reached."""
        if not self._groups:
            return
        for optimizer, groups in self._groups:
            for group, values in zip(optimizer.param_groups, groups):
                group.update(values)
        schedulers = list(_each(runner.param_schedulers))
        by_epochs = isinstance(runner.train_loop, EpochBasedTrainLoop)
        length = len(runner.train_dataloader)
        iterations = runner.epoch * length + self._batches if by_epochs else runner.iter
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # that no optimizer's step went before
            for done in range(1, iterations + 1):
                _step(schedulers, by_epoch=False)
                # an epoch whose last batch was done ends, and steps, when the run goes on
                if by_epochs and done % length == 0 and done <= runner.epoch * length:
                    _step(schedulers, by_epoch=True)
        self._groups = []
        if (spent := runner.message_hub.runtime_info.get(BUDGET_KEY)) is not None:
            # A clock goes on from the steps that the new schedules have made.
            made = dict(spent, steps=iterations, epochs=runner.epoch if by_epochs else 0)
            runner.message_hub.update_info(BUDGET_KEY, made)
        for name in sorted({item.param_name for item in schedulers}):
            now = sorted({group[name] for item in schedulers for group in item.optimizer.param_groups})
            runner.logger.info(
                f'new schedule: goes on with {name} {", ".join(f"{value:.4g}" for value in now)} '
                f'after {iterations} iterations'
            )

    def _check_clock(self, runner: Runner, checkpoint: dict) -> None:
        spent = checkpoint['message_hub'].get('runtime_info', {}).get(BUDGET_KEY)
        if spent is None or any(isinstance(hook, TimeBudgetHook) for hook in runner.hooks):
            return
        meta = checkpoint['meta']
        ahead = spent['steps'] - meta['iter']
        going_on = (
            state['end'] > meta['epoch' if state.get('by_epoch') else 'iter']
            for state in _each(checkpoint['param_schedulers'])
            if 'num_bad_epochs' not in state  # ReduceOnPlateau follows no clock
        )
        if ahead <= 0 or not any(going_on):
            return
        raise ConfigError(
            f'--resume: the run in {self.filename} had --max-minutes, which has brought its schedule {ahead} '
            'iterations ahead; without it the schedule would end so much too early, and the rest of the run would have '
            'its last rate.\n  cure, one of:\n    the clock again: add --max-minutes'
            "\n    the config's schedule at this point of the run: add --new-schedule"
        )

    def _refusal(self, differences: list[str], states: list[dict], schedulers: list, checkpoint: dict) -> str:
        ended = [state for state in states if state.get('end', 0) <= state.get('_global_step', -1) + 1]
        rates = sorted({group['lr'] for group in _groups_of(checkpoint.get('optimizer', {})) if 'lr' in group})
        rate = f' (learning rate {rates[-1]:.3g})' if rates else ''
        what = (
            'has ended, so the rest of the run would have its last rate'
            if len(ended) == len(states) and states
            else "is not the config's, which would have no effect"
        )
        return (
            f'--resume: the schedule in {self.filename} {what}{rate}.'
            + ''.join(f'\n  {text}' for text in differences)
            + '\n  cure, one of:'
            + (
                ''
                if _measured(schedulers)
                else "\n    the config's schedule at this point of the run: add --new-schedule"
            )
            + f'\n    a new run from these weights: no --resume, --cfg-options load_from={self.filename}, and '
            'another --work-dir'
            '\n    the last rate until the end: add --cfg-options "param_scheduler=[]"'
        )


def _each(schedulers: Any) -> Iterator[Any]:
    """All schedulers, or their states, of one or of several optimizers."""
    if isinstance(schedulers, Mapping):
        for name in sorted(schedulers):
            yield from schedulers[name]
    else:
        yield from schedulers or ()


def _measured(schedulers: list) -> list[str]:
    """The kinds whose rates follow what validations measure."""
    return [type(item).__name__ for item in schedulers if getattr(item, 'need_val_args', False)]


def _optimizers(schedulers: list) -> list:
    return list({id(item.optimizer): item.optimizer for item in schedulers}.values())


def _groups_of(state: Any) -> Iterator[dict]:
    """The parameter groups in the state of an optimizer wrapper, or of several."""
    if isinstance(state, Mapping):
        if 'param_groups' in state:
            yield from state['param_groups']
        else:
            for item in state.values():
                yield from _groups_of(item)


def _is_scheduled(key: str, names: set[str]) -> bool:
    return key.removeprefix('initial_').removeprefix('max_').removeprefix('min_') in names


def _step(schedulers: list, by_epoch: bool) -> None:
    for scheduler in schedulers:
        if scheduler.by_epoch == by_epoch:
            scheduler.step()


def _differences(state: dict, scheduler: Any) -> list[str]:
    """What differs between a saved scheduler and the config's."""
    name, new = type(scheduler).__name__, scheduler.state_dict()
    if set(state) != set(new):
        return [f'{name} in the config, another kind in the checkpoint']
    changed = {key for key in new if key not in _MOVING and not callable(new[key]) and state[key] != new[key]}
    milestones = new.get('milestones')
    if changed == {'end'} and milestones is not None and all(step < state['end'] for step in milestones):
        return []  # nothing happens after the last of them
    if 'total_steps' in changed:
        changed.discard('_schedule_phases')  # they follow from it
    unit = 'epochs' if new.get('by_epoch') else 'iterations'
    shown = {'end': f'ends after {{}} {unit}', 'total_steps': f'lasts {{}} {unit}'}
    return [
        f'{name} '
        + (
            f'{shown[key].format(state[key])} in the checkpoint, {new[key]} in the config'
            if key in shown
            else f'{key.lstrip("_")}: {state[key]} in the checkpoint, {new[key]} in the config'
        )
        for key in sorted(changed)
    ]
