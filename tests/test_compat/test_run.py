import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmirstd.compat.run import main

ROOT = Path(__file__).parents[2]


def test_script_sees_stand_in_arguments_and_its_folder(tmp_path):
    (tmp_path / 'beside.py').write_text('VALUE = 7\n')
    script = tmp_path / 'tool.py'
    script.write_text(
        'import sys, beside\nimport mmdet.models\nfrom mmengine.runner import checkpoint\n'
        'print(__name__, sys.argv[1:], beside.VALUE, hasattr(checkpoint.torch, "_torch"))\n'
    )
    done = subprocess.run(
        [sys.executable, '-m', 'mmirstd.compat.run', str(script), 'config.py', '--flag'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "__main__ ['config.py', '--flag'] 7 True"


@pytest.mark.parametrize(('argv', 'message'), [([], 'usage'), (['--help'], 'usage'), (['none.py'], 'no such script')])
def test_bad_arguments(argv, message):
    with pytest.raises(SystemExit, match=message):
        main(argv)
