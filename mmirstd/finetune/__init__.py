"""From images or sequences of one's own to a fine-tuned network: ``mmirstd finetune``."""

from .call import Call
from .config_text import clip_config_text, config_text, model_changes
from .own_data import OwnData, look_at_folders, masks_of_labels
from .own_frames import decode_videos, find_videos
from .own_sequences import OwnSequences, look_at_sequences
from .own_set import OwnSet, Start
from .recipe import KNOWN_IOU, Recipe, choose_recipe
from .threshold_advice import ThresholdAdvice, advise_score, advise_threshold
from .workflow import FinetuneOutcome, StepFailed, Workflow, alone, start_is_best

__all__ = [
    'Call',
    'KNOWN_IOU',
    'FinetuneOutcome',
    'OwnData',
    'OwnSequences',
    'OwnSet',
    'Recipe',
    'Start',
    'StepFailed',
    'ThresholdAdvice',
    'Workflow',
    'advise_score',
    'advise_threshold',
    'alone',
    'choose_recipe',
    'clip_config_text',
    'config_text',
    'decode_videos',
    'find_videos',
    'look_at_folders',
    'look_at_sequences',
    'masks_of_labels',
    'model_changes',
    'start_is_best',
]
