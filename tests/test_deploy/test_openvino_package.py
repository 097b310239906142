"""OpenVINO tells nobody that it is used."""

import subprocess
import sys

import pytest

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
