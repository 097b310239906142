# What "make demo" trains: GGL-Net tiny on generated scenes, minutes on two CPU cores.
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/synthetic.py',
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

# A quarter of the usual window: four times as many steps in the same time, which matters more in a short run.
train_pipeline = [
    dict(type='mmirstd.TargetAwareCrop', size=128, p_target=0.7) if step['type'] == 'mmirstd.TargetAwareCrop' else step
    for step in _base_.train_pipeline
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
# A third of such windows hold no target.  Soft IoU summed per sample rewards an all-background answer on each of them
# and collapsed to it twice (validation IoU 0); summed over the batch it does not (recipe.md).
model = dict(decode_head=dict(loss_decode=dict(per_sample=False)))
train_cfg = dict(max_epochs=20, val_interval=5)
