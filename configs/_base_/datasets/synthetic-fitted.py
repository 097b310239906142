# As synthetic-pretraining.py, scenes fitted to real targets (configs/ggl_net/weights/README.md).
#   python tools/dataset_converters/make_synthetic.py data/synthetic-fitted --num-train 1200 --num-val 60 --num-test 4 \
#       --bit-depth 8 --seed 11 --parameters configs/_base_/synthetic/pretraining.json
_base_ = ['./synthetic-pretraining.py']

data_root = 'data/synthetic-fitted'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
