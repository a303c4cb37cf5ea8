"""Runs inside a client's environment: one call of its HfApi, named on stdin, answered on stdout.

In: {"method", "arguments"}; values of the form {"$bytes": base64}, {"$open": path} and
{"$operation": class name, ...} are made into objects first. Out: {"value"} or {"error"}.
"""

import base64
import dataclasses
import io
import json
import sys

import huggingface_hub


def build(value):
    if isinstance(value, list):
        return [build(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    if "$stream" in value:
        return io.BytesIO(base64.b64decode(value["$stream"]))
    if "$open" in value:
        return open(value["$open"], "rb")
    made = {key: build(item) for key, item in value.items()}
    if "$operation" in made:
        return getattr(huggingface_hub, made.pop("$operation"))(**made)
    return made


def plain(value):
    """What JSON can say of a reply."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    # RepoUrl and CommitInfo are texts with fields: the first is wanted as text, the second is not.
    if dataclasses.is_dataclass(value) and type(value).__name__ != "RepoUrl":
        pairs = {name: plain(item) for name, item in vars(value).items()}
        return {"$type": type(value).__name__, **pairs}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "__iter__"):
        return [plain(item) for item in value]
    if hasattr(value, "__dict__") and not hasattr(value, "isoformat"):
        return {"$type": type(value).__name__, **{k: plain(v) for k, v in vars(value).items()}}
    return str(value)


def run(request):
    api = huggingface_hub.HfApi()
    names = request["method"].split(".")
    target = api if len(names) == 1 else huggingface_hub
    return plain(getattr(target, names[-1])(**build(request["arguments"])))


def main():
    request = json.load(sys.stdin)
    try:
        reply = {"value": run(request)}
    except Exception as error:  # every failure is the caller's to judge
        response = getattr(error, "response", None)
        status = getattr(response, "status_code", None)
        reply = {"error": type(error).__name__, "status": status, "text": str(error)}
    print("\n" + json.dumps(reply))


if __name__ == "__main__":
    main()
