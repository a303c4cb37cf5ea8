"""The real llama.cpp, by its C interface: quantizes, loads, tokenizes, computes logits.

The library is the one prebuilt for node-llama-cpp (.venvs/javascript). Its parameter structures
grow from version to version, so they are passed on as the library's own defaults fill them, and
only members at their front are set.
"""

import ctypes
import os
import pathlib

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / ".venvs" / "javascript" / "node_modules" / "@node-llama-cpp" / "linux-x64"

FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9,
              "Q2_K": 10, "Q3_K_S": 11, "Q3_K_M": 12, "Q3_K_L": 13, "Q4_K_S": 14, "Q4_K_M": 15,
              "Q5_K_S": 16, "Q5_K_M": 17, "Q6_K": 18, "Q2_K_S": 21, "IQ4_NL": 25, "IQ4_XS": 30,
              "BF16": 32, "MXFP4_MOE": 38}


class Opaque(ctypes.Structure):
    """At least as large as any of the parameter structures."""

    _fields_ = [("bytes", ctypes.c_byte * 1024)]

    def set(self, offset: int, kind, value) -> None:
        kind.from_buffer(self, offset).value = value


class Batch(ctypes.Structure):
    _fields_ = [("n_tokens", ctypes.c_int32), *(
        (name, ctypes.c_void_p)
        for name in ("token", "embd", "pos", "n_seq_id", "seq_id", "logits"))]


def library_folder() -> pathlib.Path:
    return pathlib.Path(os.environ.get("WAAG_LLAMA_CPP") or next(PACKAGE.glob("bins/*")))


class LlamaCpp:
    def __init__(self, folder: pathlib.Path | None = None):
        folder = folder or library_folder()
        self.ggml_base = ctypes.CDLL(str(folder / "libggml-base.so"), ctypes.RTLD_GLOBAL)
        self.ggml = ctypes.CDLL(str(next(folder.glob("libggml.*so"))), ctypes.RTLD_GLOBAL)
        self.llama = ctypes.CDLL(str(next(folder.glob("libllama.*so"))), ctypes.RTLD_GLOBAL)
        self.log = []
        kind = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
        self.callback = kind(lambda _, text, __: self.log.append(text.decode(errors="replace")))
        self.llama.llama_log_set(self.callback, None)
        self.ggml.ggml_backend_load_all_from_path(str(folder).encode())
        self.llama.llama_backend_init()
        self.declare()

    def declare(self) -> None:
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, result, arguments in (
                ("llama_model_quantize_default_params", Opaque, []),
                ("llama_model_default_params", Opaque, []),
                ("llama_context_default_params", Opaque, []),
                ("llama_model_quantize", ctypes.c_uint32, [text, text, pointer]),
                ("llama_model_load_from_file", pointer, [text, Opaque]),
                ("llama_model_free", None, [pointer]),
                ("llama_model_get_vocab", pointer, [pointer]),
                ("llama_vocab_n_tokens", ctypes.c_int32, [pointer]),
                ("llama_init_from_model", pointer, [pointer, Opaque]),
                ("llama_free", None, [pointer]),
                ("llama_batch_get_one", Batch, [pointer, ctypes.c_int32]),
                ("llama_decode", ctypes.c_int32, [pointer, Batch]),
                ("llama_get_logits_ith", ctypes.POINTER(ctypes.c_float), [pointer, ctypes.c_int32]),
                ("llama_tokenize", ctypes.c_int32,
                 [pointer, text, ctypes.c_int32, pointer, ctypes.c_int32, ctypes.c_bool,
                  ctypes.c_bool])):
            function = getattr(self.llama, name)
            function.restype, function.argtypes = result, arguments

    def quantize(self, source: pathlib.Path, target: pathlib.Path, file_type: str) -> None:
        parameters = self.llama.llama_model_quantize_default_params()
        parameters.set(0, ctypes.c_int32, 2)  # threads
        parameters.set(4, ctypes.c_int32, FILE_TYPES[file_type])
        self.log.clear()
        code = self.llama.llama_model_quantize(
            str(source).encode(), str(target).encode(), ctypes.byref(parameters))
        if code != 0:
            raise RuntimeError("llama_model_quantize: " + "".join(self.log[-20:]))

    def load(self, path: pathlib.Path) -> "Model":
        return Model(self, path)


class Model:
    def __init__(self, library: LlamaCpp, path: pathlib.Path):
        self.library, self.llama = library, library.llama
        library.log.clear()
        parameters = self.llama.llama_model_default_params()
        # Repacked weights: its own cannot multiply the 3-D ones of latent attention.
        parameters.set(74, ctypes.c_bool, False)
        self.model = self.llama.llama_model_load_from_file(str(path).encode(), parameters)
        if not self.model:
            raise RuntimeError("llama_model_load: " + "".join(library.log[-20:]))
        self.vocabulary = self.llama.llama_model_get_vocab(self.model)
        self.tokens = self.llama.llama_vocab_n_tokens(self.vocabulary)

    def close(self) -> None:
        self.llama.llama_model_free(self.model)

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        data, room = text.encode(), len(text.encode()) + 8
        out = (ctypes.c_int32 * room)()
        count = self.llama.llama_tokenize(
            self.vocabulary, data, len(data), out, room, special, special)
        if count < 0:
            raise RuntimeError(f"llama_tokenize: {count}")
        return list(out[:count])

    def logits(self, tokens: list[int]) -> numpy.ndarray:
        """Of the last of `tokens`."""
        return self.decode(tokens, [-1])[0]

    def all_logits(self, tokens: list[int]) -> list[numpy.ndarray]:
        """Of each of `tokens`."""
        return self.decode(tokens, range(len(tokens)))

    def decode(self, tokens: list[int], wanted) -> list[numpy.ndarray]:
        parameters = self.llama.llama_context_default_params()
        parameters.set(0, ctypes.c_uint32, 256)  # n_ctx
        for threads in (28, 32):  # more than there are cores would wait for each other, spinning
            parameters.set(threads, ctypes.c_int32, 1)
        parameters.set(52, ctypes.c_int32, 0)  # flash attention: not all tiny shapes have it
        for cached in (104, 108):  # keys and values: F32, as they are computed, where F16 is usual
            parameters.set(cached, ctypes.c_int32, 0)
        context = self.llama.llama_init_from_model(self.model, parameters)
        if not context:
            raise RuntimeError("llama_init: " + "".join(self.library.log[-20:]))
        try:
            ids = (ctypes.c_int32 * len(tokens))(*tokens)
            flags = (ctypes.c_int8 * len(tokens))(*[1] * len(tokens))
            batch = self.llama.llama_batch_get_one(ids, len(tokens))
            batch.logits = ctypes.addressof(flags)
            code = self.llama.llama_decode(context, batch)
            if code != 0:
                raise RuntimeError(f"llama_decode: {code}")
            return [numpy.ctypeslib.as_array(
                self.llama.llama_get_logits_ith(context, at), (self.tokens,)).copy()
                for at in wanted]
        finally:
            self.llama.llama_free(context)

    def generate(self, tokens: list[int], count: int) -> list[int]:
        """The likeliest continuation, token by token."""
        all_tokens = list(tokens)
        for _ in range(count):
            all_tokens.append(int(numpy.argmax(self.logits(all_tokens))))
        return all_tokens[len(tokens):]
