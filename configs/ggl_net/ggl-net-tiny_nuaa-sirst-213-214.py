# GGL-Net with half the widths and a schedule for two CPU cores: ours, not the paper's.
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/nuaa-sirst-213-214.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

# As many steps as 45 epochs of 341/86, and no shorter warm-up, which soft IoU needs (recipe.md).
train_cfg = dict(max_epochs=75)
