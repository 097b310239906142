"""Several networks on one data set with an equal budget: what ``mmirstd compare-networks`` writes and runs."""

from .budget import Budget, schedule_epochs
from .comparison import Comparison
from .data import ComparisonData, named_data, own_data
from .network import ComparedNetwork, find_networks

__all__ = [
    'Budget',
    'ComparedNetwork',
    'Comparison',
    'ComparisonData',
    'find_networks',
    'named_data',
    'own_data',
    'schedule_epochs',
]
