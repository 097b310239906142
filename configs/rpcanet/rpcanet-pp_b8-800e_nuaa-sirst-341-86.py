# RPCANet++ with its official schedule (fengyiwu98/RPCANet, arXiv 2508.04190).
_base_ = ['./rpcanet_b8-800e_nuaa-sirst-341-86.py']

# RPCANet++ (arXiv 2508.04190) with six stages: a memory along the stages and a 17x17 contrast prior.
model = dict(backbone=dict(type='mmirstd.RPCANetPP'))
