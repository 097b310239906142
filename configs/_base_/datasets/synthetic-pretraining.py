# Generated scenes of 8 bit, for networks that are to take real images: these are loaded as from any data set.
#   python tools/dataset_converters/make_synthetic.py data/synthetic-1200 --num-train 1200 --num-val 60 --num-test 4 \
#       --bit-depth 8 --seed 11
_base_ = ['./sirst_pipelines.py']

data_root = 'data/synthetic-1200'
train_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/train_SYNTHETIC.txt'))
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/val_SYNTHETIC.txt'))
test_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/test_SYNTHETIC.txt'))
