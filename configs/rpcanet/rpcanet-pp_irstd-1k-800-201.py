# RPCANet++ with its official schedule (fengyiwu98/RPCANet, arXiv 2508.04190).
_base_ = [
    '../_base_/models/rpcanet-pp.py',
    '../_base_/datasets/irstd-1k-800-201.py',
    '../_base_/schedules/rpcanet_adam-800e.py',
    '../_base_/default_runtime.py',
]
