"""Warnings that no user can act on stay out, all others are shown."""

from __future__ import annotations

import warnings

from mmirstd.compat import ignore_library_warnings


def test_these_and_no_others() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter('always')
        ignore_library_warnings()
        warnings.warn('faster_coco_eval is not installed, metrics will not be computed. ...', stacklevel=1)
        warnings.warn('torch.meshgrid: in an upcoming release, it will be required to pass ...', stacklevel=1)
        warnings.warn('mask: faster_coco_eval is not installed', stacklevel=1)
    assert [str(warning.message) for warning in shown] == ['mask: faster_coco_eval is not installed']
