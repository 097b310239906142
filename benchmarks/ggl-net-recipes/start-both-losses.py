# The recipe without its copied targets: the start, and half of soft IoU over the batch.
_base_ = ['../../configs/ggl_net/ggl-net-tiny_pretrained-b8-70e_nuaa-sirst-341-86.py']

train_pipeline = [step for step in _base_.train_pipeline if step['type'] != 'mmirstd.TargetCopyPaste']
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
