"""mmirstd export, as users run it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmirstd.apis import ExportedInferencer, IRSTDInferencer
from mmirstd.cli.export import main, parse_args
from mmirstd.datasets.synthetic import SceneConfig, render_scene
from mmirstd.deploy.session import open_session
from mmirstd.engine.checkpoint_meta import store_operating_point
from mmirstd.false_alarms.cfar import Cfar
from mmirstd.false_alarms.operating_point import OperatingPoint
from mmirstd.utils.errors import ConfigError, DataError, MissingDataError, UserError
from mmirstd.utils.files import file_sha256, save_png
from tests.shared import REPO
from tests.test_deploy.zoo import require_programs

pytest.importorskip('onnx')
NAME = 'ggl-net-tiny_general'
WEIGHTS = REPO / 'configs/ggl_net/weights/ggl-net-tiny_nuaa-nudt-synthetic.pth'


def codes(shape: tuple[int, int] = (45, 70), top: int = 16383) -> np.ndarray:
    """14-bit codes of a smooth scene with a target."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    scene = 0.3 + 0.1 * np.sin(columns / 9) + 0.5 * np.exp(-((columns - 50) ** 2 + (rows - 20) ** 2) / 4)
    return np.rint(scene * top).astype(np.uint16)


def test_uint16_from_the_camera_to_the_mask(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """One input, the codes as they are; what the inferencer says of the same image is in the file's outputs."""
    pytest.importorskip('onnxruntime')
    file = tmp_path / 'deep' / 'net.onnx'
    argv = [NAME, '-o', str(file), '--input-type', 'uint16', '--bit-depth', '14', '--threshold', '0.3']
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert 'check: onnxruntime gives the results of PyTorch' in out
    session = open_session(file, 'onnxruntime', threads=1)
    about = session.description
    assert (about.kind, about.threshold, about.input_type, about.classes) == (
        'segmentation',
        0.3,
        'uint16',
        ('target',),
    )
    assert about.normalization['bit_depth'] == 14
    assert about.weights_sha256 == file_sha256(WEIGHTS)
    image = codes()
    found = session.run(dict(image=image[None]))
    [expected] = IRSTDInferencer(NAME, device='cpu', threshold=0.3, load_options=dict(bit_depth=14)).infer(image)
    np.testing.assert_allclose(found['probability'][0], expected.probability, rtol=0, atol=1e-4)
    far = abs(expected.probability - 0.3) > 1e-4
    assert np.array_equal(found['mask'][0][far] > 0, expected.mask[far])
    assert found['mask'].any()
    # of logits of tens, the rounding of float32 is that of the network's sums
    np.testing.assert_allclose(found['logit'][0], expected.logit, rtol=1e-3, atol=1e-3)
    assert expected.logit.max() > 5


def test_int8_of_the_users_images(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The file says what it was calibrated on, and its convolutions are of integers."""
    onnx = pytest.importorskip('onnx')
    pytest.importorskip('onnxruntime')
    for name in 'abc':
        save_png(tmp_path / 'photos' / f'{name}.png', codes())
    file = tmp_path / 'int8.onnx'
    given = [NAME, '--bit-depth', '14', '--precision', 'int8', '--calibration-images', str(tmp_path / 'photos')]
    assert main([*given, '-o', str(file), '--input-type', 'uint16']) == 0
    assert 'int8 against float32 on 3 of the calibration images: the masks agree with IoU' in capsys.readouterr().out
    session = open_session(file, 'onnxruntime', threads=1, precision='int8')
    assert session.description.precision == 'int8'
    assert session.description.calibration is not None
    assert session.description.calibration['images'] == 3
    assert len(session.description.calibration['images_sha256']) == 64
    nodes = onnx.load(file).graph.node
    produced = {output: node.op_type for node in nodes for output in node.output}
    convolutions = [[produced.get(name) for name in node.input[:2]] for node in nodes if node.op_type == 'Conv']
    floats = [kinds for kinds in convolutions if kinds != ['DequantizeLinear', 'DequantizeLinear']]
    assert 2 < len(floats) < len(convolutions) / 2
    [expected] = IRSTDInferencer(NAME, device='cpu', load_options=dict(bit_depth=14)).infer(codes())
    mask = session.run(dict(image=codes()[None]))['mask'][0] > 0
    assert (mask & (expected.mask > 0)).sum() > 0.5 * (mask | (expected.mask > 0)).sum() > 0
    pytest.importorskip('openvino')
    assert main([*given, '-o', str(tmp_path / 'int8.xml')]) == 0
    assert open_session(tmp_path / 'int8.xml', precision='int8').description.precision == 'int8'


def test_int8_masks_without_a_pixel_are_no_agreement(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip('onnxruntime')
    save_png(tmp_path / 'photos' / 'a.png', codes())
    given = [NAME, '--precision', 'int8', '--calibration-images', str(tmp_path / 'photos'), '--logit-threshold', '999']
    assert main([*given, '-o', str(tmp_path / 'int8.onnx')]) == 0
    out = capsys.readouterr().out
    assert 'nothing is above the threshold in either' in out
    assert 'IoU' not in out


def test_int8_that_computes_something_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With rounding alone as too much, no file is kept."""
    pytest.importorskip('onnxruntime')
    monkeypatch.setattr('mmirstd.apis.calibration.BROKEN', 0.0)
    save_png(tmp_path / 'photos' / 'a.png', codes())
    options = ['--precision', 'int8', '--calibration-images', str(tmp_path / 'photos')]
    with pytest.raises(UserError, match='(?s)float32, and was not kept: .*cure: another runtime'):
        main([NAME, '--bit-depth', '14', '-o', str(tmp_path / 'int8.onnx'), *options])
    assert sorted(path.name for path in tmp_path.iterdir()) == ['photos']


@pytest.mark.parametrize('precision', ['int8', 'fp32'])
@pytest.mark.parametrize('suffix', ['.onnx', '.xml'])
def test_a_refused_file_replaces_no_good_one(
    precision: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('onnxruntime')
    if suffix == '.xml':
        pytest.importorskip('openvino')
    save_png(tmp_path / 'photos' / 'a.png', codes())
    file = tmp_path / f'net{suffix}'
    given = ['lcm', '-o', str(file)]
    assert main(given) == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert len(before) == (2 if suffix == '.xml' else 1)
    if precision == 'int8':
        monkeypatch.setattr('mmirstd.apis.calibration.BROKEN', 0.0)
        given = [NAME, *given[1:], '--precision', 'int8', '--calibration-images', str(tmp_path / 'photos')]
    else:
        monkeypatch.setattr('mmirstd.apis.exporting.TOLERANCE', -1.0)
        monkeypatch.setattr('mmirstd.apis.exporting.MARGIN', -1.0)
    with pytest.raises(UserError, match='not kept'):
        main([*given, '--overwrite'])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, 'photos'])
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    monkeypatch.undo()
    assert main([*given[:3], '--threshold', '0.3', '--overwrite']) == 0
    assert {name: (tmp_path / name).read_bytes() for name in before} != before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, 'photos'])


def test_int8_needs_images_and_a_quantized_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pytest.importorskip('onnxruntime')
    for argv in (['--precision', 'int8'], ['--calibration-images', 'photos']):
        with pytest.raises(SystemExit):
            parse_args([NAME, *argv])
        assert '--precision int8 and --calibration-images DIR go together' in capsys.readouterr().err
    assert main(['white-tophat', '-o', str(tmp_path / 'float.onnx')]) == 0
    with pytest.raises(UserError, match='found a file in fp32, expected a quantized one'):
        open_session(tmp_path / 'float.onnx', precision='int8')
    save_png(tmp_path / 'photos' / 'a.png', codes())
    options = ['--precision', 'int8', '--calibration-images', str(tmp_path / 'photos')]
    with pytest.raises(ConfigError, match='found 0 convolutions'):
        main(['white-tophat', '-o', str(tmp_path / 'x.onnx'), *options])
    assert not (tmp_path / 'x.onnx').exists()
    with pytest.raises(ConfigError, match='exported-program, expected a segmentation network'):
        main([NAME, '-o', str(tmp_path / 'x.pt2'), *options])


def test_a_threshold_of_the_logits(tmp_path: Path) -> None:
    pytest.importorskip('onnxruntime')
    file = tmp_path / 'net.onnx'
    assert main([NAME, '-o', str(file), '--bit-depth', '14', '--logit-threshold', '6.5']) == 0
    inferencer = ExportedInferencer(file, load_options=dict(bit_depth=14))
    [found] = inferencer.infer(codes())
    assert inferencer.operating_point == OperatingPoint(6.5)
    assert np.array_equal(found.mask, found.logit > 6.5)
    session = open_session(file, 'onnxruntime', threads=1)
    in_file = session.run(dict(image=codes()[None].astype(np.float32), range=np.array([[0, 16383]], np.float32)))
    assert np.array_equal(in_file['mask'][0] > 0, found.mask)
    assert 0 < found.mask.sum() < (found.probability > 0.5).sum()
    with pytest.raises(SystemExit):
        main([NAME, '-o', str(tmp_path / 'x.onnx'), '--logit-threshold', '1', '--threshold', '0.5'])


@pytest.mark.parametrize('statistic', ['mean', 'median'])
def test_an_adaptive_threshold(statistic: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """What calibrate wrote into a checkpoint decides in the file and in its inferencer, as with PyTorch."""
    pytest.importorskip('onnxruntime')
    weights, file = tmp_path / 'calibrated.pth', tmp_path / 'net.onnx'
    point = OperatingPoint(3.0, Cfar(9, 25, statistic=statistic), 'at most 1e-05 ...')
    store_operating_point(WEIGHTS, weights, point)
    assert main([NAME, str(weights), '-o', str(file)]) == 0
    assert capsys.readouterr().out.count('the file has no mask') == (statistic == 'median')
    exact = IRSTDInferencer(NAME, weights, device='cpu')
    exported = ExportedInferencer(file, 'onnxruntime', threads=1)
    assert exported.operating_point == point
    session = open_session(file, 'onnxruntime', threads=1)
    assert ('mask' in session.description.outputs) == (statistic == 'mean')
    found_pixels = 0
    for seed, size in enumerate(((96, 96), (64, 136))):
        scene = render_scene(SceneConfig(size=size), np.random.default_rng(seed))
        [expected], [found] = exact.infer(scene.image), exported.infer(scene.image)
        # Logits of tens are rounded to some 1e-5; a score that near the threshold may fall to either side.
        far = abs(point.score(expected.logit) - point.logit) > 1e-2
        assert far.mean() > 0.99
        assert np.array_equal(found.mask[far], expected.mask[far])
        if statistic == 'mean':
            raw = session.run(dict(image=scene.image[None].astype(np.float32), range=np.array([[0, 255]], np.float32)))
            assert np.array_equal(raw['mask'][0][far] > 0, expected.mask[far])
        found_pixels += found.mask[far].sum()
    assert found_pixels > 0


def test_an_adaptive_threshold_in_openvino(tmp_path: Path) -> None:
    pytest.importorskip('openvino')
    assert main([NAME, '-o', str(tmp_path / 'net.xml'), '--cfar', '5', '--cfar-ring', '9:25']) == 0
    inferencer = ExportedInferencer(tmp_path / 'net.xml', 'openvino', threads=1, load_options=dict(bit_depth=14))
    [found] = inferencer.infer(codes())
    image = codes()[None].astype(np.float32)
    raw = inferencer.session.run(dict(image=image, range=np.array([[0, 16383]], np.float32)))
    assert np.array_equal(raw['mask'][0] > 0, found.mask)
    assert found.mask.any()
    assert found.operating_point == OperatingPoint(5.0, Cfar(9, 25))


def test_openvino_reads_both_formats(tmp_path: Path) -> None:
    pytest.importorskip('openvino')
    file = tmp_path / 'net.xml'
    assert main([NAME, '-o', str(file)]) == 0
    session = open_session(file, threads=1)
    assert (session.runtime, session.description.model) == (
        'openvino',
        'ggl-net-tiny_pretrained-b8-10e_nuaa-nudt-synthetic',
    )
    image = codes()
    found = session.run(dict(image=image[None].astype(np.float32), range=np.array([[0, 16383]], np.float32)))
    [expected] = IRSTDInferencer(NAME, device='cpu', load_options=dict(bit_depth=14)).infer(image)
    np.testing.assert_allclose(found['probability'][0], expected.probability, rtol=0, atol=1e-4)


def test_an_existing_file_stays(tmp_path: Path) -> None:
    file = tmp_path / 'net.onnx'
    file.write_text('mine')
    with pytest.raises(UserError, match='exists already'):
        main([NAME, '-o', str(file)])
    assert file.read_text() == 'mine'


def test_a_place_that_takes_no_file_is_told_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before PyTorch and the network are loaded, which takes seconds."""
    monkeypatch.setattr('mmirstd.apis.build_inferencer', lambda *args, **options: pytest.fail('the network was built'))
    (tmp_path / 'file').write_text('mine')
    (tmp_path / 'net.bin').write_text('mine')
    (tmp_path / 'folder.onnx').mkdir()
    for argv, text in (
        ([tmp_path / 'net.xml'], r'net\.bin: exists already'),
        ([tmp_path / 'folder.onnx', '--overwrite'], r'folder\.onnx: is a folder: expected the name of a file'),
        ([tmp_path / 'file' / 'net.onnx'], r'cannot be written: found the file .*file, expected a folder'),
        ([tmp_path / 'NET.XML'], r'NET\.XML: expected a name that ends in \.xml'),
        ([tmp_path / 'net.onnx', '--format', 'openvino'], r'expected a name that ends in \.xml'),
    ):
        with pytest.raises(UserError, match=text):
            main([NAME, '-o', *map(str, argv)])
    assert (tmp_path / 'net.bin').read_text() == 'mine'


@pytest.mark.parametrize('name', ['NET.ONNX', 'NET.PT2'])
def test_capitals_are_the_same_format(name: str, tmp_path: Path) -> None:
    pytest.importorskip('onnxruntime')
    if name.endswith('PT2'):
        require_programs()
    assert main(['white-tophat', '-o', str(tmp_path / name)]) == 0
    assert (tmp_path / name).is_file()
    if not name.endswith('PT2'):
        [found] = ExportedInferencer(tmp_path / name, load_options=dict(bit_depth=14)).infer(codes())
        assert found.mask.any()


def test_what_cannot_be_exported_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='PSTNN cannot be exported: it repeats'):
        main(['pstnn', '-o', str(tmp_path / 'x.onnx')])
    with pytest.raises(SystemExit):
        parse_args([NAME, '-o', 'x.tflite'])
    with pytest.raises(UserError, match=r'expected a name that ends in \.xml'):
        main([NAME, '--format', 'openvino', '-o', str(tmp_path / 'x.onnx')])


def test_sessions_say_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    pytest.importorskip('onnxruntime')
    with pytest.raises(MissingDataError):
        open_session(tmp_path / 'none.onnx')
    for name, text in (('a.onnx', 'cannot read this file'), ('a.pt2', 'not a format that runs without PyTorch')):
        (tmp_path / name).write_bytes(b'no graph')
        with pytest.raises(DataError, match=text):
            open_session(tmp_path / name, 'onnxruntime' if name == 'a.onnx' else None)


@pytest.mark.parametrize('tta', ['flips', 'flips-scales', 'flips,size=0.75', 'scales,size=0.5'])
def test_test_time_augmentation_is_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture, tta: str) -> None:
    """The views and their mean are parts of the graph, for images of any size."""
    pytest.importorskip('onnxruntime')
    file = tmp_path / 'net.onnx'
    assert main([NAME, '-o', str(file), '--tta', tta]) == 0
    assert 'check: onnxruntime gives the results of PyTorch' in capsys.readouterr().out
    exported = ExportedInferencer(file, 'onnxruntime', threads=1)
    network = IRSTDInferencer(NAME, device='cpu', backend='torch', tta=tta)
    for shape in ((45, 70), (128, 97)):
        image = (codes(shape) >> 6).astype(np.uint8)
        [found], [expected] = exported.infer(image), network.infer(image)
        np.testing.assert_allclose(found.probability, expected.probability, rtol=0, atol=1e-4)
        assert len(found.targets) == len(expected.targets) > 0
    [found], [expected] = exported.infer(image[:5, :7]), network.infer(image[:5, :7])
    np.testing.assert_allclose(found.probability, expected.probability, rtol=0, atol=1e-4)
    assert exported.provenance() == network.provenance()
    assert exported.provenance()['tta'] == tta


def test_openvino_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    pytest.importorskip('openvino')
    assert main(['white-tophat', '-o', str(tmp_path / 'net.xml')]) == 0
    weights = tmp_path / 'net.bin'
    weights.write_bytes(weights.read_bytes()[:8])
    with pytest.raises(DataError, match=r'net\.xml: openvino cannot read this file \(Incorrect weights'):
        open_session(tmp_path / 'net.xml')
    weights.unlink()
    with pytest.raises(MissingDataError, match=r'net\.xml: there is no net\.bin beside it'):
        open_session(tmp_path / 'net.xml')
