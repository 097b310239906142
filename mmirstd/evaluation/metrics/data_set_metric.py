"""What the metrics over a whole data set share."""

from __future__ import annotations

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
        if size <= 0 or not self.results:
            raise ValueError(
                f'{type(self).__name__}: nothing to evaluate (data set of {size} {self.unit}, {len(self.results)} '
                f'results in this process); check {self.source} and data_root of the test or validation data set'
            )
        return super().evaluate(size)
