# L2SKNet (fengyiwu98/L2SKNet, TGRS 2024) with its official schedule, which is BasicIRSTD's with batch 8.
_base_ = [
    '../_base_/models/l2sknet-1d-fpn.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/schedules/basicirstd_adam-400e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
