# The single-frame baseline with three levels out on Drone-IR, the official schedule.
_base_ = [
    '../_base_/models/yolox_p345.py',
    '../_base_/datasets/drone-ir.py',
    '../_base_/schedules/sstnet_sgd-100e.py',
    '../_base_/default_runtime_moving.py',
]

# One frame a sample.
train_dataloader = dict(batch_size=4, dataset=dict(num_frames=1))
val_dataloader = dict(dataset=dict(num_frames=1))
test_dataloader = dict(dataset=dict(num_frames=1))
