"""The users that huggingface_hub's suite takes for granted, made on a fresh hub.

Names are those of the tree's tests/testing_constants.py; a hub mints tokens itself, so the suite
is given ours in place of the texts that stand there.
"""

import ast
import pathlib

# What testing_constants.py calls a user, and what it calls the user's token.
USERS = (("USER", "TOKEN"), ("OTHER_USER", "OTHER_TOKEN"), ("ENTERPRISE_USER", "ENTERPRISE_TOKEN"))

# The organisation that the first user is in; no constant of the tree names it. The second is of
# suites before 1.0.
MEMBER_ORGS = (
    {"name": "valid_org_hub", "fullName": "Dummy Hub Org"},
    {"name": "valid_org", "fullName": "Dummy Org"},
)

LISTED_REPOS = 8


def constants(tree: pathlib.Path) -> dict[str, str]:
    """The plain texts that the tree's testing_constants.py assigns; it is read, not run."""
    source = (tree / "tests" / "testing_constants.py").read_text()
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found[node.targets[0].id] = node.value.value
    return found


def make_users(hub, names: dict[str, str]) -> dict[str, str]:
    """{"TOKEN": text, ...}: a write token of each user."""
    tokens = {}
    for user, token in USERS:
        full_name = names["FULL_NAME"] if user == "USER" else ""
        _post(hub, "/api/waag/v1/users", {"name": names[user], "fullName": full_name})
        wish = {"name": "conformance", "user": names[user], "role": "write"}
        tokens[token] = _post(hub, "/api/waag/v1/tokens", wish)["token"]
    return tokens


def make_orgs(hub, names: dict[str, str]) -> None:
    """The first user writes to some, the enterprise user owns one whose new repos are private."""
    for org in MEMBER_ORGS:
        _post(hub, "/api/waag/v1/orgs", org)
        member = f"/api/waag/v1/orgs/{org['name']}/members/{names['USER']}"
        _send(hub, "PUT", member, {"role": "write"})
    org = {"name": names["ENTERPRISE_ORG"], "admin": names["ENTERPRISE_USER"]}
    _post(hub, "/api/waag/v1/orgs", org | {"visibility": "private"})


def make_repos(hub, names: dict[str, str]) -> None:
    """Some public repositories: a test of paging wants more than five."""
    for number in range(LISTED_REPOS):
        body = {"name": f"listed-{number}", "organization": names["OTHER_USER"]}
        _post(hub, "/api/repos/create", body)


def _post(hub, path: str, body: dict) -> dict:
    return _send(hub, "POST", path, body)


def _send(hub, method: str, path: str, body: dict) -> dict:
    reply = hub.request(method, path, json_body=body)
    if reply.status != 200:
        raise RuntimeError(f"{method} {path} {body}: {reply.status} {reply.body!r}")
    return reply.json()
