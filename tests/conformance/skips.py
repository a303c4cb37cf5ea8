"""What of huggingface_hub's suite is left out, and why. Everything else must pass."""

from fnmatch import fnmatchcase

# Stands before the reasons of this table; the suite has reasons of its own.
PREFIX = "left out: "

PRODUCTION = "reads live repositories of huggingface.co"
BUCKETS = "buckets: storage without history, at huggingface.co only"
KERNELS = "kernel repositories, at huggingface.co only"
BACKSLASH = "stores a name with a backslash, which this hub refuses for the sake of Windows clients"

# Files that are not even collected: they need packages that no test of a hub needs.
FILES = {
    "test_command_delete_cache.py": "a menu in the terminal; needs InquirerPy",
    "test_fastai_integration.py": "needs fastai",
    "test_hub_mixin_pytorch.py": "needs torch",
    "test_inference_*.py": "inference: calls of hosted models, recorded or live",
    "test_keras_integration.py": "needs TensorFlow",
    "test_oauth.py": "signing in to Spaces with OAuth; needs FastAPI",
    "test_serialization.py": "needs torch",
    "test_tf_import.py": "needs TensorFlow",
    "test_webhooks_server.py": "a server for webhooks; needs gradio",
}

# (pattern of "file::class::test", reason). Names of classes differ between major versions.
TESTS = (
    ("test_buckets*", BUCKETS),
    ("test_xet_upload.py::*Bucket*", BUCKETS),
    ("test_copy_files.py::test_cp_*", BUCKETS),
    ("test_kernels.py::*", KERNELS),
    ("test_hf_api.py::*Collection*", "collections, at huggingface.co only"),
    ("test_hf_api.py::*Webhook*", "webhooks"),
    ("test_hf_api.py::*::test_list_inference_catalog", "inference endpoints"),
    ("test_file_download.py::*RelativePaths::*", BACKSLASH),
    ("test_offline_utils.py::test_offline_with_timeout", "connects to an address outside loopback"),
    ("test_utils_cache.py::*_wrong_permission", "needs a user who is not root"),
    ("test_hf_api.py::TestExpandPropertyType*", PRODUCTION),
    ("test_repocard.py::*::test_validate_repocard", "the licences that huggingface.co knows"),
    ("test_repository.py::*::test_clone_from_not_hf_url", PRODUCTION),
    ("test_repository.py::*::test_repo_user", "knows the e-mail address of the CI hub's user"),
    ("test_hf_api.py::*::test_upload_lfs_file_multipart", "sets the size of parts at the CI hub"),
    (
        "test_hf_api.py::CommitApiTest::test_create_commit_conflict",
        "an older wording of 412, which later clients do not know",
    ),
)
# Left out unless the run uses Xet. Newer trees mark such tests themselves.
XET = ("test_xet_upload.py::*", "test_hf_api.py::*::test_update_repo_settings_xet_enabled")


def reason(node_id: str, production: bool, xet: bool) -> str | None:
    """Why the test is left out; None if it must pass. `node_id`: "tests/x.py::TestX::test_y[z]"."""
    if production:
        return PRODUCTION
    name = node_id.removeprefix("tests/")
    if not xet and any(fnmatchcase(name, pattern) for pattern in XET):
        return "needs Xet, which this run does not use"
    return next((why for pattern, why in TESTS if fnmatchcase(name, pattern)), None)
