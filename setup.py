"""Builds the kernels with Cython; without a working C compiler the install goes on, interpreted. The source
distribution holds all that the tests read, so that they run from it.
"""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

kernels = [
    Extension(f"gaiji.kernel.{name}", [f"gaiji/kernel/{name}.py"], extra_compile_args=["-O3"])
    for name in (
        "decode",
        "cells",
        "cut",
        "described",
        "numbers",
        "join",
        "planes",
        "points",
        "encode",
        "reads",
        "compare",
        "numbers_back",
        "shape",
        "digits",
        "unread",
        "recut",
    )
]
modules = cythonize(kernels, language_level=3)
for module in modules:
    module.optional = True  # set here because cythonize does not carry it over


class AllOrNone(build_ext):
    """Kernels share C types: when one of them cannot be built, all are interpreted."""

    def run(self):
        super().run()
        built = [Path(self.get_ext_fullpath(module.name)) for module in modules]
        if not all(path.exists() for path in built):
            for path in built:
                path.unlink(missing_ok=True)


class WithTests(sdist):
    """Every folder of the project and the files beside them; nothing that a build or a run has made."""

    def make_distribution(self):
        for folder in ("gaiji", "mappings", "data", "docs", "tests", ".ci"):
            self.filelist.graft(folder)
        for name in ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", ".pre-commit-config.yaml"):
            self.filelist.include(name)
        self.filelist.prune("data/samples/out")
        for made in ("*.py[cod]", "*.so", "*/.gitignore", ".gitignore"):
            self.filelist.global_exclude(made)
        self.filelist.exclude("gaiji/kernel/*.c")
        self.filelist.remove_duplicates()
        super().make_distribution()


setup(ext_modules=modules, cmdclass={"build_ext": AllOrNone, "sdist": WithTests})
