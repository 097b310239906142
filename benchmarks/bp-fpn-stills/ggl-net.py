# GGL-Net tiny on hard generated stills, minutes a run.
_base_ = [
    '../../configs/_base_/models/ggl-net-tiny.py',
    '../../configs/_base_/datasets/synthetic.py',
    '../../configs/_base_/schedules/cpu_adamw-onecycle.py',
    '../../configs/_base_/default_runtime.py',
]

data_root = 'data/bp-fpn-stills'
# The stills are as large as the window: it stays what it is.
train_pipeline = [step for step in _base_.train_pipeline if step['type'] != 'mmirstd.TargetAwareCrop']
single = dict(num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root))
train_dataloader = dict(single, batch_size=8, dataset=dict(data_root=data_root, pipeline=train_pipeline))
val_dataloader = dict(single, batch_size=8)
test_dataloader = dict(single, batch_size=8)

# Some stills hold no target: soft IoU over the batch does not reward an empty answer on each of them.
model = dict(decode_head=dict(loss_decode=dict(per_sample=False)))

# One validation, after the last epoch: the cycle ends there, and no choice among checkpoints adds noise.
train_cfg = dict(max_epochs=4, val_interval=4)
# For BP-FPN's variants: DGR's loss, and the scale of GILS in the log.
default_hooks = dict(auxiliary_loss=dict(type='mmirstd.AuxiliaryLossHook'))
# The same on every CPU.
optim_wrapper = dict(dtype='float32')
