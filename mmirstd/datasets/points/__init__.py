"""Learning from points: where points come from, the labels that grow from them, and how they grow.

The parts in order: points from masks (:mod:`.from_masks`) or files (:mod:`.from_files`), the labels that all
data-loader workers see (:mod:`.label_store`), and the official rules of growth, as functions of arrays
(:mod:`.evolution`, :mod:`.easy_targets`, :mod:`.admission`). The hooks of :mod:`mmirstd.engine` call them in training.
"""
