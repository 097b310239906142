# DNANet (arXiv 2106.00487) with its official schedule.
_base_ = [
    '../_base_/models/dnanet.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/dnanet_adagrad-1500e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=16)
