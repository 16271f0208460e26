"""Builds the kernels with Cython; without a working C compiler the install goes on, interpreted."""

from Cython.Build import cythonize
from setuptools import Extension, setup

kernels = [
    Extension(f"gaiji.{name}", [f"gaiji/{name}.py"], extra_compile_args=["-O3"], optional=True)
    for name in ("kernel", "kernel_io")
]
setup(ext_modules=cythonize(kernels, language_level=3))
