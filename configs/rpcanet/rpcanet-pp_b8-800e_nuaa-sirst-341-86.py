# RPCANet++ with its official schedule (fengyiwu98/RPCANet, arXiv 2508.04190).
_base_ = [
    '../_base_/models/rpcanet-pp.py',
    '../_base_/datasets/nuaa-sirst-341-86.py',
    '../_base_/schedules/rpcanet_adam-800e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
