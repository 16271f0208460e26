"""Builds the kernels with Cython; without a working C compiler the install goes on, interpreted."""

from Cython.Build import cythonize
from setuptools import Extension, setup

kernels = [
    Extension(f"gaiji.kernel.{name}", [f"gaiji/kernel/{name}.py"], extra_compile_args=["-O3"])
    for name in ("decode", "io", "encode")
]
modules = cythonize(kernels, language_level=3)
for module in modules:
    module.optional = True  # set here because cythonize does not carry it over
setup(ext_modules=modules)
