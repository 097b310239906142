"""From images of one's own to a fine-tuned network: ``mmirstd finetune``."""

from .config_text import config_text, model_changes
from .own_data import OwnData, look_at_folders, masks_of_labels
from .recipe import Recipe, choose_recipe
from .threshold_advice import ThresholdAdvice, advise_threshold
from .workflow import MEASURES, FinetuneOutcome, StepFailed, Workflow

__all__ = [
    'MEASURES',
    'FinetuneOutcome',
    'OwnData',
    'Recipe',
    'StepFailed',
    'ThresholdAdvice',
    'Workflow',
    'advise_threshold',
    'choose_recipe',
    'config_text',
    'look_at_folders',
    'masks_of_labels',
    'model_changes',
]
