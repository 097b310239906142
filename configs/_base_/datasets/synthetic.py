# Scenes made by tools/dataset_converters/make_synthetic.py, which writes all three splits.
_base_ = ['./sirst_pipelines.py']

data_root = 'data/synthetic'

# 16-bit files of the generator hold 14-bit codes; 8-bit files are divided by 255 as always.
load_image = dict(type='mmirstd.LoadInfraredImage', bit_depth=14)
train_pipeline = [load_image, *_base_.train_pipeline[1:]]
test_pipeline = [load_image, *_base_.test_pipeline[1:]]

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='img_idx/train_SYNTHETIC.txt', pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/val_SYNTHETIC.txt', pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/test_SYNTHETIC.txt', pipeline=test_pipeline))
