from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmirstd.apis import OutputFolder
from mmirstd.apis.output_folder import LOG_NAME
from mmirstd.utils.errors import UserError


@pytest.mark.parametrize('value', ['config', dict(normalise='minmax', bit_depth=14)])
def test_a_folder_that_an_earlier_version_began_is_continued(tmp_path: Path, value: object) -> None:
    (tmp_path / LOG_NAME).write_text(json.dumps(dict(settings=dict(normalise=value, threshold=0.5))) + '\n')
    now = value if value == 'config' else dict(normalize='minmax', bit_depth=14)
    OutputFolder(tmp_path, dict(normalize=now, normalise=value, threshold=0.5))
    OutputFolder(tmp_path, dict(normalize=now, threshold=0.5))
    with pytest.raises(UserError, match='normalize: .* then, .* now'):
        OutputFolder(tmp_path, dict(normalize='other', threshold=0.5))
