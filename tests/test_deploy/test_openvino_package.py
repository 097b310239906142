"""OpenVINO tells nobody that it is used, and breaks no signals."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmirstd.cli.export import main

SENDERS = """
import sys, threading
from mmirstd.deploy.openvino_package import import_openvino
openvino = import_openvino()
from openvino.tools.ovc import telemetry_utils
print(openvino.__name__, telemetry_utils.tm.__name__, len(threading.enumerate()))
print([name for name in sys.modules if name.startswith('openvino_telemetry.')])
"""


def test_its_telemetry_is_a_stub() -> None:
    pytest.importorskip('openvino_telemetry')
    out = subprocess.run([sys.executable, '-c', SENDERS], capture_output=True, text=True, check=True).stdout
    assert out.splitlines() == ['openvino openvino.tools.ovc.telemetry_stub 1', '[]']


SIGNAL = """
import gc, signal, threading
from pathlib import Path
from mmirstd.deploy.session import open_session
def use():
    session = [open_session(FILE, 'openvino')]
    there = threading.Thread(target=session.clear)
    there.start(), there.join(), gc.collect()
use()
signal.signal(signal.SIGUSR1, lambda *_: print('handled'))
signal.raise_signal(signal.SIGUSR1)
"""


def test_signals_are_handled_after_another_thread_closed_a_session(tmp_path: Path) -> None:
    pytest.importorskip('openvino')
    pytest.importorskip('onnx')
    file = tmp_path / 'net.onnx'
    main(['white-tophat_nuaa-sirst-341-86', '-o', str(file)])
    program = SIGNAL.replace('FILE', repr(str(file)))
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, 'handled\n'), done.stderr
