# Generated scenes alone: the checkpoint in weights/ (README.md there), and a start for other trainings. Its data:
#   python tools/dataset_converters/make_synthetic.py data/synthetic-1200 --num-train 1200 --num-val 60 --num-test 4 \
#       --bit-depth 8 --seed 11
_base_ = [
    '../_base_/models/ggl-net-tiny.py',
    '../_base_/datasets/sirst_pipelines.py',  # 8-bit files, and user images as from any data set
    '../_base_/schedules/cpu_adamw-onecycle.py',
    '../_base_/default_runtime.py',
]

data_root = 'data/synthetic-1200'
train_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/train_SYNTHETIC.txt'))
val_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/val_SYNTHETIC.txt'))
test_dataloader = dict(dataset=dict(data_root=data_root, ann_file='img_idx/test_SYNTHETIC.txt'))
# Over the batch: many windows hold no target (recipe.md, "Soft IoU can collapse").
model = dict(decode_head=dict(loss_decode=dict(per_sample=False)))
train_cfg = dict(max_epochs=8, val_interval=2)
