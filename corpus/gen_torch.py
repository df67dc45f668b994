#!/usr/bin/env python3
"""Makes torch/: small checkpoints as PyTorch writes them, and what PyTorch says is in them.

    python corpus/gen_torch.py corpus/torch

Needs PyTorch; the files here were made by the version that `truth.json` names. `zip` is the form of today, `old` that before
1.6 (in protocols 2 and 4). The truth of a tensor is its shape and the SHA-256 of its elements in C order.
"""
import collections
import hashlib
import json
import os
import sys

import torch

torch.manual_seed(1)
base = torch.arange(24, dtype=torch.float32).reshape(4,6)
m = torch.nn.Sequential(torch.nn.Linear(3,2), torch.nn.BatchNorm1d(2))
o = torch.optim.Adam(m.parameters())
m(torch.randn(4, 3)).sum().backward()
o.step()
things = {
 "types": {str(d).split(".")[1]: (torch.tensor([0,1,2,3]).to(d)) for d in (torch.float64,torch.float32,torch.float16,torch.bfloat16,torch.int64,torch.int32,torch.int16,torch.int8,torch.uint8,torch.bool,torch.complex64,torch.complex128)},
 "views": {"base": base, "row": base[1], "column": base[:,1], "part": base[1:3,2:5], "turned": base.t(), "steps": base[::2, ::3], "wide": base[0,:1].expand(5), "empty": base[:0], "scalar": base[2,3], "cube": base.reshape(2,3,4).permute(2,0,1)},
 "state": m.state_dict(),
 "training": {"model": m.state_dict(), "optimizer": o.state_dict(), "epoch": 3, "name": "run"},
 "parameter": collections.OrderedDict(w=torch.nn.Parameter(base), s=base.storage()),
 "odd": {"q": torch.quantize_per_tensor(base, 0.1, 10, torch.qint8), "sparse": torch.eye(3).to_sparse(), "conj": torch.tensor([1+2j]).conj(), "x": base},
}
out = sys.argv[1]
truth = {}
def walk(v, path, found):
    if isinstance(v, torch.Tensor):
        if v.is_sparse or v.is_quantized or v.is_conj():
            return
        t = v.detach()
        raw = t.contiguous().view(torch.int16).numpy().tobytes() if t.dtype == torch.bfloat16 else t.contiguous().numpy().tobytes()
        found[path] = [list(t.shape), hashlib.sha256(raw).hexdigest()]
    elif isinstance(v, dict):
        for k, w in v.items():
            walk(w, f"{path}/{k}" if path else str(k), found)
    elif isinstance(v, (list, tuple)):
        for k, w in enumerate(v):
            walk(w, f"{path}/{k}" if path else str(k), found)
for name, thing in things.items():
    found = {}
    walk(thing, "", found)
    for form, words in (("zip", {}), ("old", {"_use_new_zipfile_serialization": False}), ("old4", {"_use_new_zipfile_serialization": False, "pickle_protocol": 4})):
        if (name in ("odd", "training") and form != "zip") or (form == "old4" and name != "state"):
            continue
        file = f"{name}-{form}.pt"
        torch.save(thing, os.path.join(out, file), **words)
        truth[file] = found
with open(os.path.join(out, "truth.json"), "w") as file:
    json.dump({"torch": torch.__version__, "files": truth}, file, indent=1, sort_keys=True)
    file.write("\n")
