"""vLLM's own loader on the CPU: the model it builds of a folder, its weights as they were loaded.

vLLM is told of a GPU of compute capability 9.0, so that it chooses what it chooses on an H100; the
tensors lie in the CPU's memory. Everything up to load_weights is its own code. What follows, where
weights are laid out for kernels, needs the GPU and is not run.
"""

import os
import pathlib
import tempfile

os.environ |= {"HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}

import torch  # noqa: E402
import vllm.platforms as platforms  # noqa: E402
from vllm.platforms.cuda import CudaPlatformBase  # noqa: E402
from vllm.platforms.interface import DeviceCapability  # noqa: E402

MEMORY_BYTES = 80 << 30


class Hopper(CudaPlatformBase):
    """Claims to be an H100; device_type says where tensors are."""

    device_type = "cpu"
    dispatch_key = "CPU"

    @classmethod
    def get_device_capability(cls, device_id=0):
        return DeviceCapability(9, 0)

    @classmethod
    def get_device_name(cls, device_id=0):
        return "NVIDIA H100"

    @classmethod
    def get_device_total_memory(cls, device_id=0):
        return MEMORY_BYTES

    @classmethod
    def is_fully_connected(cls, device_ids):
        return False

    @classmethod
    def device_count(cls):
        return 1

    @classmethod
    def set_device(cls, device):
        pass

    @classmethod
    def num_compute_units(cls, device_id=0):
        return 132

    @classmethod
    def is_pin_memory_available(cls):
        return False

    @classmethod
    def is_integrated_gpu(cls, device_id=0):
        return False


platforms._current_platform = Hopper()

from vllm.config import set_current_vllm_config  # noqa: E402
from vllm.distributed import parallel_state  # noqa: E402
from vllm.engine.arg_utils import EngineArgs  # noqa: E402
from vllm.model_executor.model_loader import get_model_loader  # noqa: E402
from vllm.utils import torch_utils  # noqa: E402

# Where shared experts would be computed; making one asks the driver.
torch_utils._aux_stream = object()


def start_alone() -> None:
    """The groups of one process that layers ask for their rank; experts' only if the model has."""
    parallel_state.destroy_model_parallel()
    if not torch.distributed.is_initialized():
        place = pathlib.Path(tempfile.mkdtemp()) / "group"
        parallel_state.init_distributed_environment(1, 0, f"file://{place}", 0, "gloo")
    parallel_state.initialize_model_parallel(1, 1, backend="gloo")


def load(folder: pathlib.Path) -> torch.nn.Module:
    """The model; a parameter that no file has is left as it was made."""
    config = EngineArgs(model=str(folder), enforce_eager=True, dtype="bfloat16",
                        max_model_len=512, skip_tokenizer_init=True).create_engine_config()
    with set_current_vllm_config(config):
        start_alone()
        loader = get_model_loader(config.load_config)
        dtype = torch_utils.set_default_torch_dtype(config.model_config.dtype)
        with dtype, torch.device("cpu"):
            model = loader.create_model(vllm_config=config, model_config=config.model_config)
            loader.load_weights(model, config.model_config)
    return model
