"""Exported files on one's own images, with what is installed and without PyTorch."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import ExportedInferencer, IRSTDInferencer, Tiling
from mmirstd.apis.exporting import export_model
from mmirstd.cli.infer import main, parse_args
from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import DataError, UserError
from tests.shared import REPO
from tests.test_apis.helpers import scene, write_image

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')
NAME = 'ggl-net-tiny_general'
#: Refuses what a machine without PyTorch and OpenMMLab does not have, and says what CPU time a command took.
WITHOUT_TORCH = """
import sys, time
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {'torch', 'mmengine', 'mmcv', 'mmdet', 'mmseg', 'onnx', 'yaml'}:
            raise ImportError(f'{name} is not there')
sys.meta_path.insert(0, Absent())
from mmirstd.cli import main
status = main(sys.argv[1:])
print('seconds', time.process_time())
sys.exit(status)
"""


def without_torch(*argv: str) -> subprocess.CompletedProcess[str]:
    """``mmirstd infer`` in a process in which PyTorch and OpenMMLab cannot be imported."""
    command = [sys.executable, '-c', WITHOUT_TORCH, 'infer', *argv]
    return subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)


@pytest.fixture(scope='module')
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('exported') / 'net.onnx'
    export_model(IRSTDInferencer(NAME, device='cpu'), path)
    return path


@pytest.fixture(scope='module')
def torch_inferencer() -> IRSTDInferencer:
    return IRSTDInferencer(NAME, device='cpu', tile='on', tiling=Tiling(96, 32))


def images() -> list[np.ndarray]:
    gray = scene(64, 96)
    floats = gray.astype(np.float32) / 255
    return [gray, gray.astype(np.uint16) * 257, floats, np.concatenate([gray] * 3, axis=1)]


def test_results_of_the_network(file: Path, torch_inferencer: IRSTDInferencer) -> None:
    """8 and 16 bits and float, and tiles."""
    exported = ExportedInferencer(file, 'onnxruntime', threads=1, tile='on', tiling=Tiling(96, 32))
    assert exported.tiled((64, 288))
    for image in images():
        [expected], [found] = torch_inferencer.infer(image), exported.infer(image)
        np.testing.assert_allclose(found.probability, expected.probability, rtol=0, atol=1e-4)
        assert len(found.targets) == len(expected.targets) > 0
        assert found.threshold == expected.threshold
    assert exported.provenance() == torch_inferencer.provenance()
    assert exported.model_digest() == torch_inferencer.model_digest()


def test_both_runtimes_agree(file: Path) -> None:
    pytest.importorskip('openvino')
    [first], [second] = (
        ExportedInferencer(file, name, threads=1).infer(scene()) for name in ('onnxruntime', 'openvino')
    )
    np.testing.assert_allclose(first.probability, second.probability, rtol=0, atol=1e-4)


def test_normalization_may_be_changed(file: Path, torch_inferencer: IRSTDInferencer) -> None:
    image = scene().astype(np.uint16) * 40
    options = dict(normalize='minmax', load_options=dict(invert=True))
    [found] = ExportedInferencer(file, 'onnxruntime', **options).infer(image)
    [expected] = IRSTDInferencer(NAME, device='cpu', **options).infer(image)
    np.testing.assert_allclose(found.probability, expected.probability, rtol=0, atol=1e-4)


def test_a_file_of_one_type_takes_no_other(tmp_path: Path, torch_inferencer: IRSTDInferencer) -> None:
    path = tmp_path / 'net.onnx'
    export_model(torch_inferencer, path, input_type='uint8')
    inferencer = ExportedInferencer(path, 'onnxruntime')
    image = scene()
    [found], [expected] = inferencer.infer(image), torch_inferencer.infer(image)
    np.testing.assert_allclose(found.probability, expected.probability, rtol=0, atol=1e-4)
    with pytest.raises(DataError, match='found pixels of type uint16, expected uint8(?s:.)*cure: export'):
        list(inferencer.infer(image.astype(np.uint16)))
    with pytest.raises(UserError, match='bit_depth cannot be changed'):
        ExportedInferencer(path, load_options=dict(bit_depth=14))


def test_the_command_needs_no_torch(file: Path, tmp_path: Path, torch_inferencer: IRSTDInferencer) -> None:
    """The whole command in a process in which PyTorch and OpenMMLab cannot be imported."""
    write_image(tmp_path / 'in' / 'a.png', scene())
    done = without_torch('--model', str(file), str(tmp_path / 'in'), '--out', str(tmp_path / 'out'), '--quiet')
    assert done.returncode == 0, done.stderr
    assert '1 done (1 targets)' in done.stdout
    record = json.loads((tmp_path / 'out' / 'json' / 'a.json').read_text())
    [expected] = torch_inferencer.infer(scene())
    assert record['model'] == torch_inferencer.name
    assert record['weights'] == 'ggl-net-tiny_nuaa-nudt-synthetic.pth'
    assert record['targets'][0]['area'] == expected.targets[0].area


def test_an_adaptive_threshold_needs_no_torch(tmp_path: Path) -> None:
    """The one by medians, which is not in the file."""
    point = OperatingPoint(3.0, Cfar(9, 25, statistic='median'))
    network = IRSTDInferencer(NAME, device='cpu', operating_point=point)
    export_model(network, tmp_path / 'net.onnx')
    write_image(tmp_path / 'a.png', scene())
    done = without_torch('--model', str(tmp_path / 'net.onnx'), str(tmp_path / 'a.png'), '--out', str(tmp_path / 'out'))
    assert done.returncode == 0, done.stderr
    assert 'threshold: local score (CFAR) > 3, as the file was exported' in done.stderr
    record = json.loads((tmp_path / 'out' / 'json' / 'a.json').read_text())
    [expected] = network.infer(scene())
    assert record['cfar'] == point.cfar.as_dict()
    assert [target['area'] for target in record['targets']] == [target.area for target in expected.targets] != []


#: What ``mmirstd infer --model`` needs, with what these need.
NEEDED = ('numpy', 'opencv-python', 'pillow', 'rich', 'scipy', 'onnxruntime')


def environment_of(names: Sequence[str], folder: Path) -> Path:
    """A folder of packages with links to these and to what they need, and nothing else."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # needed by another system or Python
        for top in {Path(file).parts[0] for file in package.files or ()} - {'..', '__pycache__'}:
            link, place = folder / top, Path(str(package.locate_file(top)))
            if link.exists():
                continue
            if top == 'cv2':  # follows the link to where it really is, and would take itself for another
                shutil.copytree(place, link)
            else:
                link.symlink_to(place)
        waiting += [re.split(r'[^\w.-]', need)[0] for need in package.requires or () if 'extra ==' not in need]
    return folder


def test_an_environment_without_torch(file: Path, tmp_path: Path) -> None:
    """Only numpy, OpenCV, Pillow, rich, SciPy and ONNX Runtime are installed."""
    site = environment_of(NEEDED, tmp_path)
    write_image(tmp_path / 'in' / 'a.png', scene())
    code = (
        'import sys; from importlib.util import find_spec\n'
        "assert not any(map(find_spec, ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmseg')))\n"
        'from mmirstd.cli import main; sys.exit(main(sys.argv[1:]))'
    )
    argv = ['infer', '--model', str(file), str(tmp_path / 'in'), '--out', str(tmp_path / 'out'), '--quiet']
    done = subprocess.run(
        [sys.executable, '-S', '-c', code, *argv],
        cwd=tmp_path,
        env={'PYTHONPATH': os.pathsep.join([str(REPO), str(site)]), 'PATH': os.environ['PATH']},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '1 done (1 targets)' in done.stdout


def test_the_example_of_the_page_finds_the_targets(file: Path, tmp_path: Path) -> None:
    """As it is printed, on images of 8 and of 16 bits, and on a gray one that is stored in colors."""
    page = (REPO / 'docs' / 'deploy.md').read_text(encoding='utf-8')
    [example] = [part for part in re.findall(r'```python\n(.*?)```', page, re.DOTALL) if 'detect.py' in part]
    (tmp_path / 'detect.py').write_text(example, encoding='utf-8')
    image = scene()
    images = {'a.png': image, 'b.png': image.astype(np.uint16) * 257, 'c.png': np.dstack([image] * 3)}
    for name, content in images.items():
        write_image(tmp_path / name, content)
    command = [sys.executable, 'detect.py', str(file), *images]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [expected] = next(ExportedInferencer(file).infer(image)).targets
    rows = [line.split(',') for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == ['image', *images]
    for row in rows[1:]:
        assert abs(float(row[1]) - expected.x) < 0.5
        assert abs(float(row[2]) - expected.y) < 0.5
        assert (int(row[3]), float(row[4])) == (expected.area, pytest.approx(expected.peak, abs=1e-3))


def test_what_does_not_go_with_a_model_file(file: Path, capsys: pytest.CaptureFixture) -> None:
    for argv, text in (
        (['net.onnx', 'a.png'], 'goes with --model net.onnx'),
        (['--model', str(file), 'a.png', '--device', 'cuda'], 'go with a config'),
        ([NAME], 'no INPUT'),
    ):
        with pytest.raises(SystemExit):
            parse_args([*argv, '--out', 'o'])
        assert text in capsys.readouterr().err
    with pytest.raises(ValueError, match='expected 0 <= threshold'):
        ExportedInferencer(file, threshold=2)


def test_a_folder_goes_on_with_the_exported_network(file: Path, tmp_path: Path) -> None:
    """Settings are those of the network; the second run does only what is new."""
    write_image(tmp_path / 'in' / 'a.png', scene())
    assert main([NAME, str(tmp_path / 'in'), '--out', str(tmp_path / 'out'), '--quiet', '--device', 'cpu']) == 0
    write_image(tmp_path / 'in' / 'b.png', scene())
    assert main(['--model', str(file), str(tmp_path / 'in'), '--out', str(tmp_path / 'out'), '--quiet']) == 0
    lines = (tmp_path / 'out' / 'targets.csv').read_text().splitlines()
    assert len(lines) == 3
    assert lines[1].split(',')[8] == lines[2].split(',')[8]
