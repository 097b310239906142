"""What the metrics over a whole data set share."""

from __future__ import annotations

from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric


class DataSetMetric(BaseMetric):
    """mmengine's metric, but an empty data set is an error instead of a warning and no measures.

    Attributes:
        unit: What is counted, for the message.
        source: What lists them, for the message.
    """

    unit = 'images'
    source = 'the split file'

    def evaluate(self, size: int) -> dict:
        """Gather and compute.

        Args:
            size: Samples of the data set.

        Raises:
            ValueError: Nothing was evaluated.
        """
        # A process may have none of the sequences: what counts is all of them, and all raise together.
        count = sum(all_gather_object(len(self.results)))
        if size <= 0 or not count:
            raise ValueError(
                f'{type(self).__name__}: nothing to evaluate (data set of {size} {self.unit}, {count} results); '
                f'check {self.source} and data_root of the test or validation data set'
            )
        return super().evaluate(size)
