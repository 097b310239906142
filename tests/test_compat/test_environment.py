import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmirstd.compat import environment
from mmirstd.compat.__main__ import main
from mmirstd.compat.hardware import CPU, GPU

ROOT = Path(__file__).parents[2]
GOOD_ONEDL = {
    'onedl-mmengine': '0.10.12',
    'onedl-mmcv': '2.3.6',
    'onedl-mmdetection': '3.5.1',
    'onedl-mmsegmentation': '1.4.2',
}
GOOD_ORIGINAL = {'mmengine': '0.10.7', 'mmcv-lite': '2.1.0', 'mmdet': '3.3.0', 'mmsegmentation': '1.2.2'}


@pytest.fixture
def installed(monkeypatch):
    """Make the given distributions the only installed ones."""

    def install(versions):
        monkeypatch.setattr(environment, 'installed_version', versions.get)

    return install


def check():
    return environment._check_openmmlab(environment.choose_line())


def failures(findings):
    return [finding for finding in findings if finding.level == 'fail']


@pytest.mark.parametrize(
    ('versions', 'line'),
    [(GOOD_ONEDL, environment.ONEDL), (GOOD_ORIGINAL, environment.ORIGINAL), ({}, environment.ONEDL)],
)
def test_line_is_recognized(installed, versions, line):
    installed(versions)
    assert environment.choose_line() is line
    assert len(failures(check())) == (0 if versions else 4)


def test_missing_package_names_the_install_command(installed):
    installed({name: version for name, version in GOOD_ONEDL.items() if name != 'onedl-mmcv'})
    (finding,) = failures(check())
    assert finding.subject == 'mmcv'
    assert 'onedl-mmcv >=2.3.4,<3' in finding.detail
    assert finding.cure.startswith('MMCV_WITH_OPS=0 pip install ')


@pytest.mark.parametrize(('version', 'good'), [('2.0.0', False), ('2.0.1', True), ('2.1.0', True), ('2.2.0', False)])
def test_range(installed, version, good):
    installed({**GOOD_ORIGINAL, 'mmcv-lite': version})
    found = failures(check())
    assert (not found) == good
    if not good:
        assert f'mmcv-lite {version} is outside the supported range >=2.0.1,<2.2' in found[0].detail


def test_both_lines_at_once(installed):
    installed({**GOOD_ONEDL, 'mmcv': '2.1.0'})
    (finding,) = failures(check())
    assert 'onedl-mmcv 2.3.6, mmcv 2.1.0 are installed at once' in finding.detail
    assert finding.cure.startswith('pip uninstall -y onedl-mmcv mmcv\n')


def test_mixed_lines(installed):
    versions = {**GOOD_ONEDL, 'mmdet': '3.3.0'}
    del versions['onedl-mmdetection']
    installed(versions)
    (finding,) = failures(check())
    assert 'mmdet 3.3.0 is of the original packages' in finding.detail
    assert 'pip uninstall -y mmdet' in finding.cure


def test_mmcv_1_is_found(installed):
    installed({**GOOD_ORIGINAL, 'mmcv-full': '1.7.2'})
    (finding,) = failures(check())
    assert 'mmcv-full' in finding.detail


def test_setuptools_without_what_mmengine_imports(installed, monkeypatch):
    installed({'setuptools': '84.2.1'})
    monkeypatch.setattr(environment.importlib.util, 'find_spec', lambda name: None)
    assert environment._check_pkg_resources(environment.ONEDL) == []
    (finding,) = environment._check_pkg_resources(environment.ORIGINAL)
    assert (finding.level, finding.cure) == ('warn', 'pip install "setuptools<81"')
    assert '84.2.1, without pkg_resources' in finding.detail


def test_two_opencv_versions_are_a_warning(installed):
    installed({'opencv-python': '5.0.0', 'opencv-python-headless': '4.11.0'})
    findings = environment._check_import('cv2', environment.OPENCV_DISTRIBUTIONS)
    assert [finding.level for finding in findings] == ['ok', 'warn']
    assert findings[1].cure.startswith('pip uninstall -y opencv-python opencv-python-headless && ')
    installed({'opencv-python': '4.11.0', 'opencv-python-headless': '4.11.0'})
    assert len(environment._check_import('cv2', environment.OPENCV_DISTRIBUTIONS)) == 1


def test_missing_module(installed):
    installed({})
    (finding,) = environment._check_import('no_such_module_anywhere', ('some-distribution',))
    assert (finding.level, finding.cure) == ('fail', 'pip install some-distribution')


def test_old_torch_and_numpy_mismatch(monkeypatch):
    import torch

    monkeypatch.setattr(torch, '__version__', '1.13.1+cu117')
    (finding,) = environment._check_torch()
    assert finding.level == 'fail'
    assert '2.0 or later' in finding.detail
    monkeypatch.setattr(torch, '__version__', '2.1.2')

    def no_numpy(self):
        raise RuntimeError('Numpy is not available')

    monkeypatch.setattr(torch.Tensor, 'numpy', no_numpy)
    assert environment._check_torch()[1].cure.startswith('pip install "numpy<2"')


def test_hardware_and_the_precision_that_follows(monkeypatch):
    cpu = CPU('Some CPU', 'x86_64', 4, ('SSE4.1', 'AVX2'), ('ATEN_CPU_CAPABILITY=avx2',), False, 'it has none')
    monkeypatch.setattr(environment, 'read_cpu', lambda: cpu)
    monkeypatch.setattr(environment, 'available_memory', lambda: 3 * 2**29)
    monkeypatch.setattr(environment, 'read_gpus', list)
    monkeypatch.setattr('mmengine.device.get_device', lambda: 'cpu')
    assert [(finding.subject, finding.detail) for finding in environment._check_hardware()] == [
        ('cpu', 'Some CPU (x86_64), 4 core(s) for us: SSE4.1, AVX2; torch is limited by ATEN_CPU_CAPABILITY=avx2'),
        ('memory', '1.5 GiB'),
        ('gpu', 'none that torch sees'),
        ('precision', 'float32, because it has none'),
    ]

    monkeypatch.setattr(environment, 'read_cpu', lambda: dataclasses.replace(cpu, features=None, limits=()))
    monkeypatch.setattr(environment, 'available_memory', lambda: None)
    monkeypatch.setattr(environment, 'read_gpus', lambda: [GPU('Some GPU', (7, 5), 2**33)])
    monkeypatch.setattr('mmengine.device.get_device', lambda: 'cuda')
    details = {finding.subject: finding.detail for finding in environment._check_hardware()}
    assert details['cpu'].endswith('features not known')
    assert details['memory'] == 'the system does not tell'
    assert details['gpu 0'] == 'Some GPU, compute capability 7.5, 8.0 GiB'
    assert details['precision'].startswith('float16 with loss scaling, because the GPU has no bfloat16')


@pytest.mark.parametrize(
    ('version', 'expected'), [('2.13.0+cpu', (2, 13, 0)), ('2.0', (2, 0)), ('0.10.8rc1', (0, 10, 8)), ('unknown', ())]
)
def test_release(version, expected):
    assert environment.release(version) == expected


def test_report_lists_each_cure_once(installed):
    installed({})
    report = environment.format_report(check())
    assert report.count('MMCV_WITH_OPS=0 pip install') == 1
    assert 'mmengine, mmcv, mmdet, mmseg:' in report
    assert report.endswith('NOT usable: 4 problem(s), see above.')


def run(*command, **extra):
    return subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, 'OMP_NUM_THREADS': '1', **extra},
    )


def test_command_here_is_usable():
    done = run(sys.executable, '-m', 'mmirstd.compat')
    assert done.returncode == 0, done.stdout + done.stderr
    for subject in (
        'python',
        'cpu',
        'memory',
        'gpu',
        'precision',
        'torch',
        'mmengine',
        'mmcv ops',
        'import mmdet.models',
    ):
        assert f'  ok  {subject}' in done.stdout
    assert done.stdout.endswith('Usable.\n')


def test_command_runs_on_a_bare_python():
    # -S leaves site-packages out: no torch, no numpy, no OpenMMLab.
    done = run(sys.executable, '-S', '-m', 'mmirstd.compat', PYTHONPATH='')
    assert done.returncode == 1, done.stdout + done.stderr
    assert 'fail  mmengine' in done.stdout
    assert 'onedl-mmengine==' in done.stdout
    assert 'pip install torch' in done.stdout
    assert '  ok  cpu' in done.stdout
    assert 'Traceback' not in done.stderr


def test_a_reader_that_has_seen_enough():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, '-m', 'mmirstd.compat', '--matrix'],
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, '')


def test_matrix(capsys):
    assert main(['--matrix']) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len({row.count('|') for row in rows}) == 1
    for versions in (GOOD_ONEDL, GOOD_ORIGINAL):
        for name, version in versions.items():
            assert any(name in row and f'tested {version}' in row for row in rows)
