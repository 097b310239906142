# DeepPro with its authors' schedule.
_base_ = [
    '../_base_/models/deeppro.py',
    '../_base_/datasets/nudt-mirsdt-masks.py',
    '../_base_/schedules/deeppro_adam-32e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=4, dataset=dict(num_frames=40, key_every=10))

# As the official test: all frames of windows that overlap by 4.  Frame by frame instead, which is dearer and sees no
# future: --cfg-options model.test_cfg.frames=key test_dataloader.dataset.num_frames=1
#     test_dataloader.dataset.streaming=True test_dataloader.dataset.window_step=None
model = dict(test_cfg=dict(frames='all'))
windows = dict(num_frames=40, streaming=False, window_step=36)
val_dataloader = dict(dataset=windows)
test_dataloader = dict(dataset=windows)
