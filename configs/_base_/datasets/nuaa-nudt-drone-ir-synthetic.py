# As nuaa-nudt-synthetic, with Drone-IR's training frames as a third real source (configs/ggl_net/abroad.md). Below the
# data root lie also Drone-IR-masks (benchmarks/abroad/fold.py says how masks grow from its boxes) and, in place of the
# fitted scenes, those of the generator's defaults:
#   mmirstd generate data/synthetic --num-train 200 --num-val 4 --num-test 4 --bit-depth 14 --seed 7
# Validation and test as there: Drone-IR has no masks that a person drew.
_base_ = ['./nuaa-nudt-synthetic.py']

drone_ir = dict(type='mmirstd.SIRSTDataset', data_root=_base_.data_root + '/Drone-IR-masks', ann_file='train.txt')
nuaa_part, nudt_part, synthetic_part = _base_.train_dataloader.dataset.datasets
nudt_part.times = 2
train_dataloader = dict(
    dataset=dict(datasets=[nuaa_part, nudt_part, synthetic_part, dict(pipeline=_base_.nuaa_pipeline, **drone_ir)])
)
