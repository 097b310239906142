# LVNet with a schedule of ours: its authors published neither training code nor schedule.
_base_ = [
    '../_base_/models/lvnet.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4, dataset=dict(num_frames=4, key_every=4))
train_cfg = dict(max_epochs=32)
