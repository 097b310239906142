# ACM-FPN (arXiv 2009.14530) with the schedule of acm-pytorch.
_base_ = [
    '../_base_/models/acm-fpn.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/acm_adagrad-300e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
