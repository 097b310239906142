"""What the documentation says can be done: its commands exist, its code runs."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmirstd.engine.config_files import load_config
from mmirstd.engine.config_names import runnable_configs, short_names
from mmirstd.utils.commands import COMMANDS
from tests.pages import Block, blocks
from tests.shared import REPO

PAGES = sorted(
    [
        *REPO.glob('*.md'),
        *(REPO / 'docs').glob('*.md'),
        *(REPO / 'configs').rglob('*.md'),
        *(REPO / 'benchmarks').glob('*.md'),
    ]
)
NAMES = {*runnable_configs(), *(name for name, _ in short_names())}
#: Script -> command; shell scripts hand their options on.
SCRIPTS = {f'tools/{command.script}': name for name, command in COMMANDS.items() if command.script}
SHELL_SCRIPTS = {'tools/dist_train.sh': 'train', 'tools/dist_test.sh': 'test'}


def commands(page: Path) -> Iterator[str]:
    """Command lines of a page: those of its bash blocks, and inline code that begins like one."""
    for block in blocks(page, 'bash'):
        yield from block.text.replace('\\\n', ' ').splitlines()
    prose = re.sub(r'^```.*?^```$', '', page.read_text(encoding='utf-8'), flags=re.M | re.S)
    inline = re.findall(r'`((?:python|make|mmirstd|tools/\w+\.sh)\s[^`]+)`', prose)
    yield from (code.replace('\n', ' ') for code in inline)


def words(command: str) -> list[str]:
    """The words from the program on, without comment, assignments before it, pipes and redirections."""
    command = re.split(r'[|]\s+|\s[<>&]+\s?|;', re.sub(r'(^|\s)#.*', '', command).replace('[', '').replace(']', ''))
    parts = next((part for part in command if re.search(r'(python|make|tools/|mmirstd )', part)), '')
    found = shlex.split(parts)
    while found and re.fullmatch(r'\w+=\S*', found[0]):
        found.pop(0)
    return [word for word in found if word != '...']


def parse(command: str, arguments: list[str]) -> str:
    """What the command's parser says against the arguments."""
    module = importlib.import_module(f'mmirstd.cli.{command.replace("-", "_")}')
    said = io.StringIO()
    # placeholders for numbers
    arguments = ['1' if re.fullmatch(r'[NKHW]', argument) else argument for argument in arguments]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            module.parse_args(arguments)
        except SystemExit as end:
            return said.getvalue() if end.code else ''
    return ''


def problem(command: str) -> str | None:
    """Why a command of the documentation cannot be meant as it stands; None if it can, or is of other programs."""
    program, *arguments = words(command) or ['']
    if program == 'mmirstd':
        if not arguments or arguments[0].startswith('-'):
            return None
        name = arguments.pop(0)
        if name not in COMMANDS:
            return f'mmirstd has no command {name}'
        return problem_of_arguments(name, arguments) if arguments else None  # or the command is spoken of
    if program == 'make':
        targets = set(re.findall(r'^([a-z-]+):', (REPO / 'Makefile').read_text(encoding='utf-8'), re.M))
        wrong = [a for a in arguments if '=' not in a and not a.startswith('-') and a not in targets]
        return f'no such target: {wrong}' if wrong else None
    if program == 'python' and arguments[:1] == ['-m']:
        return None if importlib.util.find_spec(arguments[1]) else f'no module {arguments[1]}'
    script, *arguments = arguments if program == 'python' else [program, *arguments]
    if not script.startswith('tools/'):
        return None
    if not (REPO / script).is_file():
        return f'{script} does not exist'
    if script in SHELL_SCRIPTS:
        return problem_of_arguments(SHELL_SCRIPTS[script], [a for a in arguments if not re.fullmatch(r'\d+|N', a)])
    return problem_of_arguments(SCRIPTS[script], arguments)


def problem_of_arguments(name: str, arguments: list[str]) -> str | None:
    """What is wrong with the arguments of a command of ours: files that are not there, what its parser refuses."""
    files = [a for a in arguments if re.match(r'(configs|benchmarks)/.*\.(py|yml|json|pth)$', a)]
    files += [a.split('=', 1)[1] for a in arguments if re.match(r'[\w.]+=configs/', a)]
    missing = [file for file in files if not (REPO / file).exists()]
    if missing:
        return f'does not exist: {missing}'
    first = arguments[0] if arguments else ''
    if (
        name in ('infer', 'train', 'test', 'flops', 'check-data')
        and re.fullmatch(r'[a-z][\w-]*', first)
        and first not in NAMES
    ):
        return f'no config is named {first}'
    return parse(name, arguments) or None


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.relative_to(REPO).as_posix())
def test_commands_exist(page: Path) -> None:
    wrong = [f'{command.strip()}\n    {found}' for command in commands(page) if (found := problem(command))]
    assert not wrong, '\n'.join(wrong)


@pytest.mark.parametrize(
    ('command', 'expected'),
    [
        ('python tools/no_such_tool.py x', 'does not exist'),
        ('python tools/train.py configs/ggl_net/no-such-config.py', 'does not exist'),
        ('python tools/test.py CONFIG CKPT --no-such-option 3', 'unrecognized arguments'),
        ('mmirstd speed evaluation', 'invalid choice'),
        ('python tools/benchmark.py benchmarks/nudt-15min.yml --jobs many', 'expected a whole number'),
        ('tools/dist_train.sh CONFIG 2 --no-such-option', 'unrecognized arguments'),
        ('python tools/infer.py no-such-name photos/ --out results', 'no config is named'),
        ('make no-such-target', 'no such target'),
        ('mmirstd no-such-command x', 'has no command'),
        ('mmirstd train CONFIG --no-such-option', 'unrecognized arguments'),
        ('mmirstd infer no-such-name photos/ --out results', 'no config is named'),
        ('PYTHONPATH=. python tools/train.py CONFIG --sed 1  # a comment', 'unrecognized arguments'),
        ('camera | python tools/infer.py CONFIG CKPT - --rawframes 2x2 --out d', 'unrecognized arguments'),
    ],
)
def test_a_wrong_command_is_found(command: str, expected: str) -> None:
    assert expected in (problem(command) or '')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.relative_to(REPO).as_posix())
def test_python_compiles(page: Path) -> None:
    for block in blocks(page, 'python'):
        compile('\n' * (block.line - 1) + block.text, str(page.relative_to(REPO)), 'exec')


MARKED = [block for page in PAGES for block in blocks(page, 'python') if block.mark]


@pytest.mark.parametrize(
    'block', [block for block in MARKED if block.mark == 'run'], ids=lambda block: f'{block.page.name}:{block.line}'
)
def test_python_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block.text, f'{block.page.name}:{block.line}', 'exec'), {'__name__': '__main__'})


@pytest.mark.parametrize(
    'block', [block for block in MARKED if block.mark == 'config'], ids=lambda block: f'{block.page.name}:{block.line}'
)
def test_configs_are_read(block: Block, tmp_path: Path) -> None:
    file = tmp_path / 'my_config.py'
    file.write_text(block.text, encoding='utf-8')
    assert load_config(str(file)).model


def test_there_is_code_to_run() -> None:
    assert {block.mark.split(':')[0] for block in MARKED} == {'run', 'config', 'file'}


def run_script(script: str, folder: Path) -> None:
    """Run code in a process of its own, in a folder whose modules it can import."""
    done = subprocess.run(
        [sys.executable, '-c', script],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(folder), str(REPO)])},
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]


def test_own_network(tmp_path: Path) -> None:
    """The files of the page, as a user has them: built, trained for a step and asked for a prediction."""
    for block in blocks(REPO / 'docs' / 'write_your_own_network.md', 'python'):
        (tmp_path / block.mark.removeprefix('file: ')).write_text(block.text, encoding='utf-8')
    script = """
import sys
import torch
from mmengine.registry import init_default_scope
from mmirstd.engine.config_names import runnable_configs, short_names
from mmirstd.engine.config_files import load_config
from mmirstd.registry import MODELS
from tests.test_models.test_necks.bp_fpn_models import seg_batch

sizes = []
for name in ('my_network_synthetic.py', 'my_network_wide_synthetic.py'):
    cfg = load_config(name)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    batch = seg_batch(48)
    batch['inputs'] = batch['inputs'][:, :1]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(8):
        values = model(**model.data_preprocessor(batch, True), mode='loss')
        loss = sum(value for key, value in values.items() if 'loss' in key)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    unused = [key for key, p in model.named_parameters() if p.grad is None]
    assert not unused, unused
    assert losses[-1] < losses[0], losses
    with torch.no_grad():
        result = model.eval().test_step(batch)
    probability = result[0].seg_logits.data
    assert probability.shape == (1, 48, 48) and 0 <= probability.min() <= probability.max() <= 1
    sizes.append(sum(p.numel() for p in model.parameters()))
assert sizes[0] < sizes[1], sizes
"""
    run_script(script, tmp_path)


def test_own_parts(tmp_path: Path) -> None:
    """The files of the page: the data set is checked, the network learns, the metric and the baseline are there."""
    for block in blocks(REPO / 'docs' / 'parts_of_your_own.md', 'python'):
        (tmp_path / block.mark.removeprefix('file: ')).write_text(block.text, encoding='utf-8')
    script = """
import numpy as np
import torch
from pathlib import Path
from mmengine.registry import init_default_scope
from mmirstd.cli import check_data
from mmirstd.engine.config_files import load_config
from mmirstd.registry import DATASETS, HOOKS, METRICS, MODELS

Path('data/mine').mkdir(parents=True)
rows = ['part,image,mask']
for number, part in enumerate(('train', 'train', 'val', 'test')):
    image, mask = np.random.default_rng(number).integers(90, 110, (48, 64), np.uint8), np.zeros((48, 64), bool)
    mask[20:23, 30 + number:33 + number] = True
    image[mask] = 200
    np.save(f'data/mine/{number}.npy', image)
    np.save(f'data/mine/{number}_mask.npy', mask)
    rows.append(f'{part},{number}.npy,{number}_mask.npy')
Path('data/mine/table.csv').write_text('\\n'.join(rows))
assert check_data.main(['my_data.py']) == 0
cfg = load_config('ggl-net-misses.py', data='my_data.py')
assert 'my_parts' in cfg.custom_imports.imports
init_default_scope(cfg.default_scope)
torch.manual_seed(0)
model = MODELS.build(cfg.model)
data_set = DATASETS.build(cfg.train_dataloader.dataset)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
losses = []
for _ in range(4):
    items = [data_set[0], data_set[1]]
    batch = {key: [item[key] for item in items] for key in ('inputs', 'data_samples')}
    loss = model(**model.data_preprocessor(batch, True), mode='loss')['decode.loss_weighed_miss']
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
assert losses[-1] < losses[0], losses
sample = DATASETS.build(cfg.test_dataloader.dataset)[0]
batch = {key: [value] for key, value in sample.items()}
with torch.no_grad():
    samples = [found.to_dict() for found in model.eval().test_step(batch)]
samples[0]['seg_logits']['data'] = samples[0]['gt_sem_seg']['data'].float()  # as a perfect network
metric = METRICS.build(cfg.test_evaluator[1])
metric.process(batch, samples)
assert metric.evaluate(1) == {'mine/center_error': 0.0}
assert HOOKS.build(cfg.custom_hooks[-1])
baseline = load_config('ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86', data='my_data.py')
assert baseline.train_dataloader.dataset.part == 'train'
"""
    run_script(script, tmp_path)
