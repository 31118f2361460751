"""The kernels of layer normalisation, without a GPU: by Triton's interpreter, and compiled for one.

Whether Triton interprets is chosen when it is imported: each has a process of its own.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.backend("torch")

SHAPES = [(3, 7, 16), (1, 64), (70, 32)]


@pytest.mark.parametrize("interpreted", ["1", "0"])
def test_in_a_process(interpreted):
    pytest.importorskip("triton", reason="Triton has no wheel for this machine")
    environment = os.environ | {"TRITON_INTERPRET": interpreted, "KERAS_BACKEND": "torch"}
    environment["CUDA_VISIBLE_DEVICES"] = ""  # the interpreter's tensors are on the host
    subprocess.run([sys.executable, __file__], check=True, env=environment)


def expected(inputs, gamma, beta, epsilon, gradient):
    """Outputs and gradients by the definition, in float64."""
    import torch

    x, g, b = (each.double().detach().requires_grad_() for each in (inputs, gamma, beta))
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    outputs = (x - mean) / (variance + epsilon) ** 0.5 * g + b
    return outputs, *torch.autograd.grad(outputs, (x, g, b), gradient.double())


def _interpreted():
    import torch

    from infnet_keras.layers import TokenNormalization
    from infnet_keras.layers import normalization_kernels as kernels

    kernels._PROGRAMS = 2  # each then takes several blocks, and one of them has one too few
    for shape in SHAPES:
        for dtype, close in ((torch.float32, 1e-5), (torch.bfloat16, 2e-2)):
            draws = np.random.default_rng(shape[0])
            inputs = torch.tensor(draws.normal(3, 2, shape)).to(dtype).requires_grad_()
            gradient = torch.tensor(draws.normal(size=shape)).to(dtype)
            precision = {torch.float32: "float32", torch.bfloat16: "mixed_bfloat16"}[dtype]
            layer = TokenNormalization(dtype=precision)
            layer.build(shape)
            layer.gamma.assign(draws.normal(1, 0.5, shape[-1]))
            layer.beta.assign(draws.normal(size=shape[-1]))
            weights = layer.gamma.value, layer.beta.value
            outputs = layer(inputs)
            assert "_Normalized" in str(outputs.grad_fn), outputs.grad_fn
            assert outputs.dtype == dtype
            found = outputs, *torch.autograd.grad(outputs, (inputs, *weights), gradient)
            for one, other in zip(
                found, expected(inputs, *weights, layer.epsilon, gradient), strict=True
            ):
                scale = max(1.0, other.abs().max().item())
                assert (one.double() - other).abs().max().item() < close * scale, (shape, dtype)
    # Channels that are no power of two, and float64, go the plain way.
    assert not kernels.usable(torch.zeros(2, 24))
    assert not kernels.usable(torch.zeros(2, 16, dtype=torch.float64))


def _compiled():
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from infnet_keras.layers import normalization_kernels as kernels

    for pointer in ("*bf16", "*fp32"):
        common = {"inputs": pointer, "gamma": "*fp32", "count": "i32", "epsilon": "fp32"}
        for kernel, more in (
            (kernels._forward, {"beta": "*fp32", "outputs": pointer}),
            (
                kernels._backward,
                {
                    "gradient": pointer,
                    "found": pointer,
                    "of_gamma": "*fp32",
                    "of_beta": "*fp32",
                },
            ),
        ):
            given = common | more
            signature = {name: given.get(name, "constexpr") for name in kernel.arg_names}
            sizes = {"DIM": 64, "BLOCK": 32, "STEPS": 9}
            sizes = {name: size for name, size in sizes.items() if name in kernel.arg_names}
            source = ASTSource(kernel, signature, constexprs=sizes)
            made = triton.compile(source, target=GPUTarget("cuda", 90, 32))
            assert "sm_90" in made.asm["ptx"]


if __name__ == "__main__":
    _interpreted() if os.environ["TRITON_INTERPRET"] == "1" else _compiled()
