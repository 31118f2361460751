"""How this process's allocator treats the memory of a training step."""

import ctypes
import os
import platform

# glibc's malloc.h: M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD, and bytes.
_ONE_ARENA = (-8, 1)
_MAP_FROM = (-3, 1 << 30)
_GIVE_BACK_FROM = (-1, (1 << 31) - 1)
_GROW_BY = (-2, 1 << 28)

OFF = "INFNET_RETURN_MEMORY"
"""The environment variable that leaves the allocator as it is."""


def keep_memory() -> bool:
    """Tell glibc to keep what a step frees for the next step.

    A step on the processor asks for the same arrays of tens of megabytes again and again. By
    default glibc maps each from the kernel and gives it back, and the kernel clears every page
    before it is read: up to half of a step. Kept, the process stays as large as its largest step.

    Without glibc, or where the environment variable `INFNET_RETURN_MEMORY` is set, nothing is done.
    To be called before threads start: one arena holds the memory of all.

    Returns:
        Whether the allocator was told.
    """
    if os.environ.get(OFF) or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all(mallopt(*o) for o in (_ONE_ARENA, _MAP_FROM, _GIVE_BACK_FROM, _GROW_BY))


def keep_memory_beside_tensorflow() -> bool:
    """As `keep_memory`, once TensorFlow is imported and will train.

    Under Python 3.11 TensorFlow's first data set of a generator, which every `fit` has, tells glibc
    to map all that is larger than 128 kB. It does so once in a process: here, before it is told
    otherwise again.

    Returns:
        Whether the allocator was told.
    """
    if os.environ.get(OFF):
        return False
    import tensorflow as tf

    one = tf.data.Dataset.from_generator(lambda: iter([0]), output_signature=tf.TensorSpec(()))
    list(one)
    return keep_memory()
