"""From images of one's own to a fine-tuned network: ``mmirstd finetune``."""

from .config_text import config_text, model_changes
from .recipe import Recipe, choose_recipe

__all__ = ['Recipe', 'choose_recipe', 'config_text', 'model_changes']
