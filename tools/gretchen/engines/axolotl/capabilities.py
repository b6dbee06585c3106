"""GPU capabilities in the form that axolotl's validators take: for recipes that are not for this machine."""

H100 = {"bf16": True, "fp8": True, "tf32": True, "n_gpu": 1, "compute_capability": "sm_90"}
