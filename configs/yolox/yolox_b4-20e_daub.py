# The single-frame baseline with SSTNet's official schedule.
_base_ = [
    '../_base_/models/yolox.py',
    '../_base_/datasets/daub.py',
    '../_base_/schedules/sstnet_sgd-20e.py',
    '../_base_/default_runtime_moving.py',
]

# One frame a sample.
train_dataloader = dict(batch_size=4, dataset=dict(num_frames=1))
val_dataloader = dict(dataset=dict(num_frames=1))
test_dataloader = dict(dataset=dict(num_frames=1))
