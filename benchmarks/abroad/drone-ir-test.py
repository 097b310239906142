# Frames of Drone-IR's test videos with masks that grew from its boxes (benchmarks/released-drone-ir.yml).
_base_ = ['../../configs/ggl_net/ggl-net-tiny_cpu-b8-45e_nuaa-sirst-341-86.py']

data_root = 'data'
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmirstd.SIRSTDataset',
        data_root=data_root + '/Drone-IR-masks',
        ann_file='train.txt',
        pipeline=_base_.test_pipeline,
        test_mode=True,
    )
)
test_evaluator = dict(type='mmirstd.IRSTDMetric', at_pd=(0.9,))
