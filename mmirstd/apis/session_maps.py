"""Probability maps from an exported file."""

from __future__ import annotations

import numpy as np

from mmirstd.deploy.session import GraphSession


def session_maps(session: GraphSession, images: list[np.ndarray]) -> list[np.ndarray]:
    """Run images of one shape together.

    Args:
        session: Of an exported file.
        images: (H, W) each: normalized, or codes of the file's own type.

    Returns:
        (H, W) float32 in [0, 1] each.
    """
    inputs = dict(image=np.stack(images))
    if session.description.input_type == 'any':
        inputs['range'] = np.tile(np.array([0, 1], np.float32), (len(images), 1))
    return list(session.run(inputs)['probability'])
