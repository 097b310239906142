"""mmirstd as a package: a wheel, installed where no checkout is."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.shared import REPO


@pytest.fixture(scope='module')
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh venv with the wheel; what mmirstd depends on is seen through a path file, as it is heavy to install."""
    folder = tmp_path_factory.mktemp('wheel')
    source = folder / 'source'
    shutil.copytree(
        REPO,
        source,
        ignore=shutil.ignore_patterns(
            '.git',
            '.venv',
            '__pycache__',
            '.mim',
            'build',
            '*.egg-info',
            'work_dirs',
            'demo_out',
            'data',
            'tests',
            'benchmarks',
            '.*cache',
            '.hypothesis',
            '_build',
        ),
    )
    pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '--quiet']
    subprocess.run([*pip, 'wheel', '--no-deps', '--no-build-isolation', '--wheel-dir', folder, source], check=True)
    (wheel,) = folder.glob('*.whl')
    venv.create(folder / 'venv', with_pip=False, symlinks=True)
    python = folder / 'venv' / 'bin' / 'python'
    site = Path(
        subprocess.run(
            [python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout.strip()
    )
    (site / 'dependencies.pth').write_text(sysconfig.get_path('purelib') + '\n')
    subprocess.run([*pip, '--python', python, 'install', '--no-deps', '--no-index', wheel], check=True)
    scripts = site / 'mmirstd' / '.mim' / 'tools'
    assert (scripts / 'train.py').is_file()  # for mim
    shutil.rmtree(scripts)  # no command needs them
    return folder / 'venv' / 'bin'


def call(*words: object, cwd: Path, status: int = 0) -> str:
    environment = {key: value for key, value in os.environ.items() if key != 'PYTHONPATH'}
    environment['OMP_NUM_THREADS'] = '1'
    done = subprocess.run(
        [*map(str, words)],
        cwd=cwd,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=240,
    )
    assert done.returncode == status, done.stdout[-4000:]
    return done.stdout


@pytest.mark.skipif(os.name == 'nt', reason='the layout of a venv is another one on Windows')
def test_the_installed_command_detects_by_a_model_name(installed: Path, tmp_path: Path) -> None:
    where = call(installed / 'python', '-c', 'import mmirstd; print(mmirstd.__file__)', cwd=tmp_path)
    assert str(installed.parent) in where
    rows, columns = np.mgrid[:96, :128]
    image = 60 + 20 * np.sin(columns / 40) + 120 * np.exp(-((columns - 80) ** 2 + (rows - 50) ** 2) / (2 * 1.3**2))
    cv2.imwrite(str(tmp_path / 'scene.png'), image.round().astype(np.uint8))
    call(installed / 'mmirstd', 'infer', MODEL, 'scene.png', '--out', 'found', '--device', 'cpu', cwd=tmp_path)
    (table,) = (tmp_path / 'found' / 'csv').glob('*.csv')
    with table.open() as file:
        (target,) = csv.DictReader(file)
    assert float(target['x']) == pytest.approx(80, abs=0.7)
    assert float(target['y']) == pytest.approx(50, abs=0.7)


@pytest.mark.skipif(os.name == 'nt', reason='the layout of a venv is another one on Windows')
def test_configs_by_scope_and_help(installed: Path, tmp_path: Path) -> None:
    (tmp_path / 'mine.py').write_text(f"_base_ = ['mmirstd::ggl_net/{CONFIG}.py']\n")
    shown = call(
        installed / 'python',
        '-c',
        'import mmirstd.registry\nfrom mmengine.config import Config\n'
        'from mmengine.hub import get_config\n'
        f'print(Config.fromfile("mine.py").model.backbone.type)\n'
        f'print(get_config("mmirstd::ggl_net/{CONFIG}.py").model.neck.type)',
        cwd=tmp_path,
    )
    assert 'mmirstd.GGLEncoder' in shown
    assert 'mmirstd.TGFM' in shown
    assert 'did you mean: infer' in call(installed / 'mmirstd', 'inver', cwd=tmp_path, status=2)
    said = call(installed / 'mmirstd', 'report', 'nowhere', cwd=tmp_path, status=2)
    assert 'make one by `mmirstd test CONFIG CKPT --dump nowhere`' in said
    assert 'usage: mmirstd train' in call(installed / 'mmirstd', 'train', '--help', cwd=tmp_path)


@pytest.mark.skipif(os.name == 'nt', reason='the layout of a venv is another one on Windows')
def test_type_checkers_of_other_projects_see_the_types(installed: Path, tmp_path: Path) -> None:
    code = 'from importlib.resources import files; print(files("mmirstd").joinpath("py.typed").is_file())'
    assert call(installed / 'python', '-c', code, cwd=tmp_path).strip() == 'True'


@pytest.mark.skipif(os.name == 'nt', reason='the layout of a venv is another one on Windows')
def test_networks_are_compared_in_the_users_folder(installed: Path, tmp_path: Path) -> None:
    """Suite, records and work dirs are there; the schema is in the package; nothing is written into it."""
    rng = np.random.default_rng(0)
    for folder in ('ir', 'gt'):
        (tmp_path / folder).mkdir()
    for number in range(10):
        image, mask = rng.normal(60, 5, (48, 48)), np.zeros((48, 48), np.uint8)
        y, x = rng.integers(6, 42, 2)
        image[y - 1 : y + 2, x - 1 : x + 2], mask[y - 1 : y + 2, x - 1 : x + 2] = 200, 255
        cv2.imwrite(str(tmp_path / 'ir' / f'{number}.png'), image.astype(np.uint8))
        cv2.imwrite(str(tmp_path / 'gt' / f'{number}.png'), mask)
    words = ['--nets', 'white-tophat', '--data', 'ir', 'gt', '--no-check', '--out', 'cmp/r.csv']
    said = call(installed / 'mmirstd', 'compare-networks', *words, cwd=tmp_path)
    assert 'r: 1 done now, 0 failed' in said
    with (tmp_path / 'cmp' / 'r.csv').open() as file:
        (row,) = csv.DictReader(file)
    assert float(row['Pd']) == 1
    assert (tmp_path / 'cmp' / 'logs' / 'r' / 'white-tophat_seed0.json').is_file()
    schema = (tmp_path / 'cmp' / 'r.yml').read_text().splitlines()[0].partition('$schema=')[2]
    assert Path(schema).is_relative_to(installed.parent)
    assert Path(schema).is_file()
    assert not list((Path(schema).parents[1] / '.mim').glob('work_dirs'))


MODEL = 'ggl-net-tiny_general'
CONFIG = 'ggl-net-tiny_pretrained-b8-10e_nuaa-nudt-synthetic'
