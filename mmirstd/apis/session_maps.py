"""Maps from an exported file."""

from __future__ import annotations

import numpy as np

from mmirstd.deploy.session import GraphSession

from .score_map import ScoreMap


def session_maps(session: GraphSession, images: list[np.ndarray]) -> list[ScoreMap]:
    """Run images of one shape together.

    Args:
        session: Of an exported file.
        images: (H, W) each: normalized, or codes of the file's own type.

    Returns:
        The maps of each; files of format 1.0 have no logits, which are then those of the probabilities.
    """
    inputs = dict(image=np.stack(images))
    if session.description.input_type == 'any':
        inputs['range'] = np.tile(np.array([0, 1], np.float32), (len(images), 1))
    found = session.run(inputs)
    if 'logit' not in found:
        return [ScoreMap.of_probability(probability) for probability in found['probability']]
    return [ScoreMap(*maps) for maps in zip(found['probability'], found['logit'])]
