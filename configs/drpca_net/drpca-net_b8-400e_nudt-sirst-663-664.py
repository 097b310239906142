# DRPCA-Net with its official schedule (GrokCV/DRPCA-Net, arXiv 2507.09541): RPCANet's, but 400 epochs.
_base_ = [
    '../_base_/models/drpca-net.py',
    '../_base_/datasets/nudt-sirst-663-664.py',
    '../_base_/schedules/rpcanet_adam-800e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=8)
train_cfg = dict(max_epochs=400)
