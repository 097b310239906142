# YOLOX with three outputs, three times as many steps as nine epochs on every tenth frame; every fifth frame is here.
_base_ = ['../../configs/yolox/yolox-p345-nano_cpu-b8-9e_drone-ir.py']

# One validation, after the last epoch: the cycle ends there, and no choice among checkpoints adds noise.
train_cfg = dict(max_epochs=14, val_interval=14)
