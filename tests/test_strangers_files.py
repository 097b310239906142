"""Files of strangers: every place that loads one is known here, and none runs code from it.

A new call that loads something fails the first test: give it its kind below, and its attack.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat

import mmirstd.registry  # noqa: F401
from mmirstd.utils.errors import UserError
from tests.shared import REPO

#: Functions that read a file into objects, or run text: by the last part of their names.
LOADERS = frozenset(
    {'load', 'loads', 'load_all', 'full_load', 'unsafe_load', 'safe_load', 'loadmat', 'fromfile', 'fromstring'}
    | {'Unpickler', 'eval', 'exec', 'compile', 'run_path', 'literal_eval', '__import__', 'load_checkpoint'}
    | {'_load_checkpoint', 'load_checkpoint_file', 'load_state_dict_from_url', 'load_model', 'read_pickle'}
    | {'genfromtxt', 'loadtxt', 'memmap', 'open_memmap', 'InferenceSession', 'read_model', 'system', 'popen'}
)
#: What is harmless whatever the file holds.
HARMLESS = frozenset({'json.loads', 'json.load', 're.compile', 'torch.compile', 'yaml.safe_load'})
#: Calls that read checkpoints through mmirstd.compat.checkpoint, which the attacks below go through.
CHECKPOINTS = frozenset({'load_checkpoint_file', '_load_checkpoint'})
#: Configs are Python by design: only what a person names as a config, or what mmirstd ships, goes there.
CONFIGS = frozenset({'Config.fromfile'})
#: Everything else, place by place, and why it is safe.
PLACES = {
    ('apis/backend_choice.py', 'onnx.load'): "a file of the user's own cache; protobuf, which runs no code",
    ('apis/exporting.py', 'torch.export.load'): 'the file that this process has just written',
    ('apis/inputs.py', 'np.load'): 'attacked below',
    ('compat/checkpoint.py', 'torch.load'): 'attacked below: weights_only, or the restricted unpickler',
    ('compat/checkpoint.py', 'Unpickler'): 'attacked in tests/test_compat/test_checkpoint.py',
    ('compat/checkpoint.py', 'Unpickler(file, **kwargs).load'): 'attacked in tests/test_compat/test_checkpoint.py',
    ('compat/run.py', 'runpy.run_path'): 'the script that the person names',
    ('datasets/mat_file.py', 'loadmat'): 'attacked below, and in tests/test_findings.py',
    ('deploy/graph_files.py', '__import__'): 'names of our own',
    ('deploy/quantization.py', 'onnx.load'): 'what the export of the same call has just written',
    ('deploy/quantization.py', 'onnxruntime.InferenceSession'): 'the same graph, from memory',
    ('deploy/session.py', 'core.read_model'): 'attacked below; a graph of operators',
    ('deploy/session.py', 'onnxruntime.InferenceSession'): 'attacked below; a graph of operators',
    ('evaluation/box_dump.py', 'np.load'): 'attacked below',
    ('evaluation/prediction_files.py', 'np.load'): 'attacked below',
    ('datasets/labels/xml_file.py', 'ElementTree.fromstring'): 'attacked below',
    ('datasets/points/label_store.py', 'np.memmap'): 'bytes of a file that this process has just made',
    ('visualization/hook.py', 'np.fromfile'): 'bytes, which OpenCV decodes',
}


def loading(source: str) -> list[tuple[str, ast.Call]]:
    """Name and call of everything that loads."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, 'id', '')
            if last in LOADERS and (last != 'eval' or node.args):
                found.append((ast.unparse(node.func), node))
    return found


@cache
def calls() -> list[tuple[str, str, ast.Call]]:
    """The same of all files of mmirstd, with their names."""
    return [
        (path.relative_to(REPO / 'mmirstd').as_posix(), *found)
        for path in sorted((REPO / 'mmirstd').rglob('*.py'))
        for found in loading(path.read_text(encoding='utf-8'))
    ]


def test_every_place_that_loads_is_known() -> None:
    found = {(file, name) for file, name, _ in calls()}
    found = {place for place in found if place[1] not in HARMLESS | CHECKPOINTS | CONFIGS}
    assert found == set(PLACES), 'a new place loads something: say here why it is safe, and attack it'


def test_numpy_unpickles_nothing_and_yaml_builds_nothing() -> None:
    for file, name, call in calls():
        if name == 'np.load':
            options = {option.arg: option.value for option in call.keywords}
            assert ast.literal_eval(options['allow_pickle']) is False, file
        assert not name.startswith('yaml.') or name == 'yaml.safe_load', file


@pytest.mark.parametrize(
    ('source', 'seen'),
    [('import pickle\npickle.load(f)', True), ('eval(text)', True), ('model.eval()', False), ('json.loads(t)', True)],
)
def test_the_search_sees_what_it_should(source: str, seen: bool) -> None:
    assert bool(loading(source)) == seen


class Call:
    """Pickles as a call that leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return exec, (f'open({str(self.mark)!r}, "w").close()',)


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[Path]:
    """What an attack would create; it must not be there in the end."""
    path = tmp_path / 'hacked'
    yield path
    assert not path.exists(), 'code of a file was run'


def refused(function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises((UserError, ValueError, SystemExit)) as caught:
        function(*args, **kwargs)
    return str(caught.value)


def stranger(folder: Path, mark: Path) -> Path:
    path = folder / 'epoch_1.pth'
    torch.save({'state_dict': {}, 'meta': {'x': Call(mark)}, 'message_hub': {}, 'optimizer': {}}, path)
    return path


def _mmengine(path: Path) -> Any:
    from mmengine.runner.checkpoint import CheckpointLoader, load_checkpoint

    CheckpointLoader.load_checkpoint(str(path))
    return load_checkpoint(torch.nn.Linear(1, 1), str(path))


def _inferencer(path: Path) -> Any:
    from mmirstd.apis import IRSTDInferencer

    return IRSTDInferencer(REPO / 'configs/acm/acm_cpu-b8-45e_nudt-sirst-663-664.py', path, device='cpu')


def _streaming(path: Path) -> Any:
    from mmirstd.apis import StreamingDetector

    return StreamingDetector(REPO / 'configs/sstnet/sstnet_b4-20e_daub.py', path)


def _normalization(path: Path) -> Any:
    from mmirstd.engine.normalization import trained_normalizations

    return trained_normalizations(str(path))


def _publish(path: Path) -> Any:
    from mmirstd.cli.publish import main

    return main([str(path), str(path.with_name('out.pth'))])


def _convert(path: Path) -> Any:
    from mmirstd.cli.convert import main

    return main([str(path), str(path.with_name('out.pth')), '--arch', 'dnanet'])


@pytest.mark.parametrize('way', [_mmengine, _inferencer, _streaming, _normalization, _publish, _convert])
def test_a_checkpoint_runs_nothing(way: Callable[[Path], Any], mark: Path, tmp_path: Path) -> None:
    refused(way, stranger(tmp_path, mark))


def test_a_config_in_a_checkpoint_is_not_run(mark: Path) -> None:
    """``Runner.resume`` would run it as Python; the guard takes it out before."""
    from types import SimpleNamespace

    from mmirstd.engine.hooks import CheckpointGuardHook

    model = torch.nn.Linear(1, 1)
    checkpoint = dict(
        meta=dict(config=f'open({str(mark)!r}, "w").close()'),
        state_dict=model.state_dict(),
        message_hub={},
        optimizer={},
    )
    CheckpointGuardHook().after_load_checkpoint(SimpleNamespace(model=model, _resume=True), checkpoint)
    assert 'config' not in checkpoint['meta']


@pytest.mark.parametrize('suffix', ['.npy', '.npz'])
def test_arrays_of_objects(suffix: str, mark: Path, tmp_path: Path) -> None:
    from mmirstd.apis.inputs import read_still
    from mmirstd.evaluation.box_dump import read_boxes
    from mmirstd.evaluation.prediction_files import read_map, read_truth

    path = tmp_path / f'a{suffix}'
    array = np.array([[Call(mark)]], dtype=object)
    if suffix == '.npy':
        np.save(path, array, allow_pickle=True)
        refused(read_still, path)
    else:
        np.savez(path, a=array)
        path.rename(tmp_path / 'boxes.npz')
        refused(read_boxes, tmp_path, ['a'])
        np.savez(path, a=array)
    refused(read_map, path)
    refused(read_truth, path)


def test_a_pickle_under_the_name_of_an_array(mark: Path, tmp_path: Path) -> None:
    import pickle

    from mmirstd.apis.inputs import read_still
    from mmirstd.datasets.image_io import read_image
    from mmirstd.evaluation.prediction_files import read_map

    for name in ('a.npy', 'a.npz', 'a.mat', 'a.png', 'a.tif'):
        path = tmp_path / name
        path.write_bytes(pickle.dumps(Call(mark)))
        if name.endswith(('.npy', '.png', '.tif')):
            refused(read_still, path)
        refused(read_map if name[2:] in ('npy', 'npz', 'mat') else read_image, path)


def test_matlab_files_with_more_than_numbers(mark: Path, tmp_path: Path) -> None:
    from mmirstd.datasets.converters.drone_ir_labels import _label_table
    from mmirstd.evaluation.prediction_files import read_map

    path = tmp_path / 'a.mat'
    savemat(path, {'T': np.array([[{'f': f'open({str(mark)!r}, "w")'}]], dtype=object), 's': 'eval(1)'})
    refused(read_map, path)
    pytest.importorskip('mcos_decoder')
    refused(_label_table, path)


def test_yaml_that_wants_objects(mark: Path, tmp_path: Path) -> None:
    from mmirstd.benchmark.suite_file import load_suite
    from mmirstd.datasets.labels.classes import read_yaml
    from mmirstd.evaluation.official_weights import read_official_weights

    path = tmp_path / 'a.yml'
    path.write_text(f'a: !!python/object/apply:os.system ["touch {mark}"]\n')
    for read in (read_yaml, read_official_weights, lambda file: load_suite(file, REPO)):
        refused(read, path)


def test_xml_that_grows(tmp_path: Path) -> None:
    from mmirstd.datasets.labels.xml_file import read_xml

    path = tmp_path / 'a.xml'
    entities = ''.join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    path.write_text(f'<!DOCTYPE a [<!ENTITY e0 "x">{entities}]><a>&e11;</a>')
    assert 'document type' in refused(read_xml, path, 'labels')
    path.write_text('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')
    assert 'document type' in refused(read_xml, path, 'labels')


@pytest.mark.parametrize('suffix', ['.onnx', '.xml'])
def test_an_exported_network_that_is_none(suffix: str, mark: Path, tmp_path: Path) -> None:
    import pickle

    pytest.importorskip('onnxruntime' if suffix == '.onnx' else 'openvino')
    from mmirstd.deploy.session import open_session

    path = tmp_path / f'a{suffix}'
    path.write_bytes(pickle.dumps(Call(mark)))
    refused(open_session, path)


@pytest.mark.parametrize(
    'text',
    [
        'null', '[]', '{}', '"x"', '{"version": 1e999}', '{"version": "__import__(\'os\')"}',
        json.dumps({'version': 1, 'outputs': {'__class__': 'x'}}), '[' * 100_000, '{"version": 1' + '0' * 5000 + '}',
    ],
)  # fmt: skip
def test_what_an_exported_network_says_of_itself(text: str) -> None:
    from mmirstd.deploy.graph_description import GraphDescription

    refused(GraphDescription.from_json, text, 'a.onnx')
