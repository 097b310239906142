"""Settings of the whole suite."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Several test processes share the cores: one thread each, for them and for the tools they start. Before torch is there.
# Tests of other things export no networks and write to no cache; those of backends name theirs.
os.environ['MMIRSTD_BACKEND'] = 'torch'
if os.environ.get('PYTEST_XDIST_WORKER'):
    os.environ.setdefault('OMP_NUM_THREADS', '1')

import torch

from mmirstd.compat import ensure_mmcv_ops
from mmirstd.engine import freed_memory
from mmirstd.engine.threads import available_cores
from tests import durations

# Before any test module imports mmdet: parts of it that are imported without mmcv's operators keep NMS missing for the
# whole process, and which test module comes first depends on the command line.
ensure_mmcv_ops()

# Networks of all sizes come and go in one test process: what they free goes back to the system.
freed_memory._mallopt = lambda: None

# The same examples every time: CI must not fail by chance on a commit that changed nothing. To look for new ones:
#   HYPOTHESIS_PROFILE=explore pytest tests/...
# A busy machine is no failure: no deadline, no check of how fast examples are made.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile('suite', patient, derandomize=True)
settings.register_profile('explore', patient, max_examples=1000)
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'suite'))


def pytest_addoption(parser: pytest.Parser) -> None:
    durations.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(durations.Durations(config), 'durations')


def pytest_xdist_auto_num_workers() -> int:
    """``-n auto``: as many processes as the cores that may be used have room for."""
    threads = os.environ.get('OMP_NUM_THREADS', '')
    return max(1, available_cores() // (int(threads) if threads.isdigit() and int(threads) else 1))


@pytest.fixture
def float64() -> Iterator[None]:
    """New tensors and networks are float64: what is equal by mathematics is then equal to 1e-7 on every machine."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
