import io
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import mmirstd.registry  # noqa: F401
from mmirstd.compat import checkpoint as compat_checkpoint
from mmirstd.compat import install_safe_checkpoint_loading, load_checkpoint_file
from mmirstd.utils.errors import CheckpointError, UnsafeCheckpointError

pytestmark = pytest.mark.filterwarnings('ignore:Detected pickle protocol')


@pytest.fixture(autouse=True)
def _installed():
    install_safe_checkpoint_loading()


@pytest.fixture(params=['weights_only', 'restricted unpickler'], autouse=True)
def route(request, monkeypatch):
    """Both ways of loading, whatever torch is installed: torch >= 2.6's own, and the one for older torch."""
    if request.param == 'weights_only':
        if not compat_checkpoint._has_safe_globals():
            pytest.skip('torch < 2.6')
    else:
        monkeypatch.setattr(compat_checkpoint, '_has_safe_globals', lambda: False)
    return request.param


class Call:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def touch(marker: Path) -> Call:
    return Call(exec, f'open({str(marker)!r}, "w").close()')


def as_zip(obj, path):
    torch.save(obj, path)


def as_legacy(obj, path):
    torch.save(obj, path, _use_new_zipfile_serialization=False)


def as_protocol_4(obj, path):
    torch.save(obj, path, pickle_protocol=4)


def as_plain_pickle(obj, path):
    Path(path).write_bytes(pickle.dumps(obj))


WRITERS = [as_zip, as_legacy, as_protocol_4, as_plain_pickle]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)


# ---------------------------------------------------------------- files that would run code


@pytest.mark.parametrize('write', WRITERS)
@pytest.mark.parametrize('place', ['top', 'meta', 'state_dict'])
def test_code_does_not_run(tmp_path, write, place):
    marker, path = tmp_path / 'ran', tmp_path / 'evil.pth'
    payload = touch(marker)
    write(
        {
            'top': payload,
            'meta': {'meta': {'hook': [payload]}, 'state_dict': {}},
            'state_dict': {'state_dict': {'w': torch.ones(2), 'x': payload}},
        }[place],
        path,
    )
    with pytest.raises(UnsafeCheckpointError) as caught:
        load_checkpoint_file(path)
    assert not marker.exists()
    message = str(caught.value)
    assert str(path) in message
    assert 'exec' in message
    assert "'state_dict'" in message  # the cure: how to convert

    # The file is live: loaded without care it does run.
    if write is as_plain_pickle:
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert marker.exists()


def test_code_does_not_run_through_mmengine(tmp_path):
    from mmengine.runner import CheckpointLoader, load_checkpoint
    from mmengine.runner import checkpoint as module

    marker, path = tmp_path / 'ran', tmp_path / 'evil.pth'
    as_zip({'state_dict': Net().state_dict(), 'meta': touch(marker)}, path)
    calls = [
        lambda: load_checkpoint(Net(), str(path)),
        lambda: module._load_checkpoint(str(path), map_location='cpu'),
        lambda: module._load_checkpoint_with_prefix('layer', str(path)),
        lambda: CheckpointLoader.load_checkpoint(str(path)),
        lambda: module.load_from_local(str(path), 'cpu'),
        lambda: module.load_from_http(path.as_uri(), model_dir=str(tmp_path / 'zoo')),
        lambda: module.load_url(path.as_uri(), str(tmp_path / 'zoo')),
        # Whoever asks these modules for the unrestricted load does not get it either.
        lambda: module.torch.load(str(path), weights_only=False),
    ]
    if hasattr(module, '_safe_torch_load'):
        calls.append(lambda: module._safe_torch_load(str(path), weights_only=False))
    for call in calls:
        with pytest.raises(UnsafeCheckpointError, match='exec'):
            call()
        assert not marker.exists()


def test_code_does_not_run_on_resume(tmp_path, capsys):
    marker = tmp_path / 'ran'
    runner = tiny_runner(tmp_path, epochs=1)
    runner.train()
    path = tmp_path / 'epoch_1.pth'
    saved = torch.load(path, weights_only=False)
    as_zip({**saved, 'param_schedulers': [touch(marker)]}, path)
    with pytest.raises(UnsafeCheckpointError, match='exec'):
        tiny_runner(tmp_path, epochs=2, resume=True).train()
    assert not marker.exists()


@pytest.mark.parametrize(
    ('owner', 'name'),
    [
        ('HistoryBuffer', '__init__'),
        ('HistoryBuffer', '__class__'),
        ('OneCycle', 'step'),
        ('dict', 'update'),
        ('torch', 'Tensor'),
    ],
)
def test_getattr_reaches_nothing(tmp_path, owner, name):
    # onedl-mmengine allow-lists the real getattr; `__init__.__globals__` leads from it to everything.
    from mmengine.logging import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

    owner = {
        'HistoryBuffer': HistoryBuffer,
        'OneCycle': OneCycleParamScheduler,
        'dict': torch.Size,
        'torch': torch.nn.Parameter,
    }[owner]
    path = tmp_path / 'getattr.pth'
    as_zip({'state_dict': Call(getattr, owner, name)}, path)
    with pytest.raises(UnsafeCheckpointError, match='getattr'):
        load_checkpoint_file(path)


def test_whole_model_is_refused_by_name(tmp_path):
    path = tmp_path / 'model.pth'
    torch.save(Net(), path)
    with pytest.raises(UnsafeCheckpointError, match=r'test_checkpoint\.Net'):
        load_checkpoint_file(path)


def test_torchscript_and_tar_are_refused(tmp_path):
    path = tmp_path / 'script.pt'
    with zipfile.ZipFile(path, 'w') as archive:  # the layout torch.jit.save writes
        archive.writestr('script/data.pkl', b'\x80\x02}.')
        archive.writestr('script/constants.pkl', b'\x80\x02).')
    with pytest.raises(UnsafeCheckpointError, match='TorchScript'):
        load_checkpoint_file(path)
    path = tmp_path / 'old.tar'
    with tarfile.open(path, 'w') as archive:
        member = tarfile.TarInfo('pickle')
        archive.addfile(member, io.BytesIO())
    with pytest.raises(UnsafeCheckpointError, match='tar archive'):
        load_checkpoint_file(path)


# ---------------------------------------------------------------- files that are no checkpoints


@pytest.mark.parametrize('keep', [0, 1, 100, 0.5, 0.99])
@pytest.mark.parametrize('write', [as_zip, as_legacy])
def test_truncated(tmp_path, write, keep):
    path = tmp_path / 'cut.pth'
    write({'state_dict': {'w': torch.rand(64, 64)}}, path)
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(keep * len(data))])
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint_file(path)
    assert str(path) in str(caught.value)
    assert 'again' in str(caught.value) or 'Check the path' in str(caught.value)
    assert not isinstance(caught.value, UnsafeCheckpointError)


@pytest.mark.parametrize(
    ('content', 'expected'),
    [
        (b'version https://git-lfs.github.com/spec/v1\n', 'git lfs pull'),
        (b'<!DOCTYPE html><html>', 'error page'),
        (b'\x89PNG\r\n\x1a\n' + bytes(100), 'not a checkpoint'),
        (b'\x80\x02' + bytes(50), 'cannot be loaded'),
    ],
)
def test_other_files(tmp_path, content, expected):
    path = tmp_path / 'what.pth'
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=expected) as caught:
        load_checkpoint_file(path)
    assert str(path) in str(caught.value)


def test_other_zip_directory_and_missing(tmp_path):
    path = tmp_path / 'dataset.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('images/1.png', b'')
    with pytest.raises(CheckpointError, match='zip archive without a checkpoint'):
        load_checkpoint_file(path)
    with pytest.raises(CheckpointError, match='directory'):
        load_checkpoint_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        load_checkpoint_file(tmp_path / 'none.pth')


# ---------------------------------------------------------------- genuine checkpoints


def tiny_runner(work_dir, epochs: int, resume: bool = False):
    """A Runner whose checkpoints contain all that mmengine ever writes: EMA, every kind of scheduler, NumPy metrics."""
    from mmengine import ConfigDict
    from mmengine.evaluator import BaseMetric
    from mmengine.model import BaseModel
    from mmengine.runner import Runner
    from torch.utils.data import DataLoader, Dataset

    class Model(BaseModel):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4))

        def forward(self, x, mode='tensor'):
            out = self.net(x)
            return {'loss': out.pow(2).mean()} if mode == 'loss' else [out]

    class Data(Dataset):
        metainfo = ConfigDict(classes=('target',), palette=np.array([[255, 0, 0]], np.uint8), extra=ConfigDict(a=1))

        def __len__(self):
            return 8

        def __getitem__(self, index):
            return {'x': torch.tensor([index / 8, 1.0])}

    class Metric(BaseMetric):
        default_prefix = 'irstd'

        def process(self, data_batch, data_samples):
            self.results.append(1)

        def compute_metrics(self, results):
            return {'IoU': np.float64(0.5), 'Fa': np.float32(0.25), 'targets': np.int64(3)}

    schedulers = [
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=2),
        dict(type='OneCycleLR', eta_max=0.1, total_steps=40, by_epoch=False),
        dict(type='OneCycleLR', eta_max=0.1, total_steps=40, by_epoch=False, anneal_strategy='linear'),
        dict(type='CosineAnnealingLR', T_max=5),
        dict(type='CosineRestartLR', periods=[2, 2], restart_weights=[1, 1], eta_min=0),
        dict(type='PolyLR', power=0.9),
        dict(type='MultiStepLR', milestones=[3]),
        dict(type='ReduceOnPlateauLR', monitor='irstd/IoU'),
        dict(type='StepMomentum', step_size=3),
    ]
    return Runner(
        model=Model(),
        work_dir=str(work_dir),
        resume=resume,
        log_level='ERROR',
        experiment_name=f'{Path(work_dir).name}-{epochs}-{resume}',
        train_dataloader=DataLoader(Data(), batch_size=4),
        val_dataloader=DataLoader(Data(), batch_size=4),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        val_cfg=dict(),
        val_evaluator=[Metric()],
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.01)),
        param_scheduler=schedulers,
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1, save_best='irstd/IoU', rule='greater')),
        custom_hooks=[dict(type='EMAHook')],
    )


def test_runner_checkpoint_loads_and_resumes(tmp_path):
    from mmengine.logging import HistoryBuffer

    first = tiny_runner(tmp_path, epochs=2)
    first.train()
    saved = load_checkpoint_file(tmp_path / 'epoch_2.pth', map_location='cpu')
    history = saved['message_hub']['log_scalars']['train/loss']
    assert isinstance(history, HistoryBuffer)
    assert history.mean() > 0
    assert history.statistics('max') >= history.statistics('min')
    assert saved['meta']['dataset_meta']['palette'].tolist() == [[255, 0, 0]]
    assert saved['message_hub']['runtime_info']['best_score'] == 0.5
    assert set(saved) >= {'state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'}

    second = tiny_runner(tmp_path, epochs=4, resume=True)
    second.train()
    assert (second.epoch, second.iter) == (4, 8)
    losses, _ = second.message_hub.get_scalar('train/loss').data
    assert len(losses) == 8  # the history of before came along
    # A checkpoint written by a resumed run loads as well.
    third = tiny_runner(tmp_path, epochs=5, resume=True)
    third.train()
    assert third.epoch == 5


def test_state_dicts_of_all_formats(tmp_path):
    from mmengine.runner import load_checkpoint

    state = Net().state_dict()
    for write in (as_zip, as_legacy):
        path = tmp_path / f'{write.__name__}.pth'
        write(state, path)
        loaded = load_checkpoint_file(path, map_location='cpu')
        assert {key: value.tolist() for key, value in loaded.items()} == {k: v.tolist() for k, v in state.items()}
        model = Net()
        load_checkpoint(model, str(path))
        assert torch.equal(model.layer.weight, state['layer.weight'])
    with open(path, 'rb') as stream:
        assert set(load_checkpoint_file(stream)) == set(state)
    assert set(load_checkpoint_file(io.BytesIO(path.read_bytes()))) == set(state)


def test_other_numpy_generation(tmp_path):
    # NumPy 1 writes numpy.core, NumPy 2 numpy._core; each must read the other's.
    path, other = tmp_path / 'a.pth', tmp_path / 'b.pth'
    as_zip({'score': np.float64(0.5), 'array': np.arange(3)}, path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, 'w') as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith('data.pkl'):
                mine, theirs = b'numpy._core.', b'numpy.core.'
                data = data.replace(mine, theirs) if mine in data else data.replace(theirs, mine)
            target.writestr(name, data)
    for file in (path, other):
        loaded = load_checkpoint_file(file)
        assert loaded['score'] == 0.5
        assert loaded['array'].tolist() == [0, 1, 2]


def test_downloads_of_one_name_are_kept_apart(tmp_path):
    from mmengine.runner import checkpoint as module

    zoo = tmp_path / 'zoo'

    def publish(place: str, value: int) -> str:
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        torch.save({'w': torch.tensor(value)}, path)
        return path.as_uri()

    def load(url: str, **options) -> int:
        return int(module.load_url(url, str(zoo), progress=False, **options)['w'])

    first, second = publish('a/best.pth', 1), publish('b/best.pth', 2)
    assert [load(first), load(second)] == [1, 2]
    publish('a/best.pth', 3)
    assert load(first) == 1  # it is downloaded once
    assert len(list(zoo.glob('best.*.pth'))) == 2
    # A published name says which content it is: what torch.hub downloaded before is found again.
    load(publish('a/net-0123abcd.pth', 4))
    assert (zoo / 'net-0123abcd.pth').is_file()
    assert load(publish('b/net-0123abcd.pth', 5)) == 4
    assert [load(publish(f'{place}/net-20240131.pth', value)) for place, value in (('a', 6), ('b', 7))] == [6, 7]
    assert load(first, file_name='mine.pth') == 3
    assert (zoo / 'mine.pth').is_file()


def test_installing_twice_changes_nothing():
    from mmengine.runner import checkpoint as module

    before = module.torch, module.load_url
    install_safe_checkpoint_loading()
    assert (module.torch, module.load_url) == before
    assert module.torch.nn is torch.nn
    assert torch.load is not module.torch.load
