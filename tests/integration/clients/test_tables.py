"""Tables in a dataset repository: pandas and pyarrow through HfFileSystem, and datasets."""

import hashlib
import itertools
import textwrap

import pytest
from client import Client, as_file
from proxy import CuttingProxy

ROWS = 30_000
PARTS = 2
_numbers = itertools.count(1)

# Columns of very different size, so that reading one of them can be told from reading all.
MAKE = textwrap.dedent("""
    import hashlib, pyarrow, pyarrow.parquet as parquet
    for part in range(parts):
        ids = list(range(part * rows, (part + 1) * rows))
        texts = [hashlib.sha256(b"%d" % n).hexdigest() * 4 for n in ids]
        table = pyarrow.table({"id": ids, "text": texts, "label": [n % 7 for n in ids]})
        path = f"{folder}/train-{part:05}-of-{parts:05}.parquet"
        parquet.write_table(table, path, row_group_size=5000, compression="none")
    result = True
""")


@pytest.fixture(scope="module")
def parquet_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parquet")
    maker = Client("data", "http://127.0.0.1:1", None, folder / "home")
    maker.script(MAKE, folder=str(folder), rows=ROWS, parts=PARTS)
    return sorted(folder.glob("*.parquet"))


@pytest.fixture
def reader(hub, owner, homes):
    return Client("data", hub.endpoint, owner, homes / f"data{next(_numbers)}")


@pytest.fixture
def dataset(hub, new_client, parquet_files):
    """A dataset repository with a card that names its files."""
    repo = f"acme/tables{next(_numbers)}"
    card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n"
    card += "    path: data/train-*\n---\n# tables\n"
    writer = new_client("hub-new")
    writer.call("create_repo", repo_id=repo, repo_type="dataset")
    for path in parquet_files:
        writer.call("upload_file", repo_id=repo, repo_type="dataset", path_or_fileobj=str(path),
                    path_in_repo=f"data/{path.name}")
    readme = writer.home / "README.md"
    readme.write_text(card)
    writer.call("upload_file", repo_id=repo, repo_type="dataset", path_in_repo="README.md",
                path_or_fileobj=as_file(readme))
    return repo


def text_of(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest() * 4


def test_pandas_reads_by_url(reader, dataset):
    got = reader.script(
        textwrap.dedent("""
            import pandas, pyarrow.parquet as parquet
            from huggingface_hub import HfFileSystem
            at = f"hf://datasets/{repo}/data/train-00001-of-00002.parquet"
            whole = pandas.read_parquet(at)
            table = parquet.read_table(at.removeprefix("hf://"), filesystem=HfFileSystem())
            some = pandas.read_parquet(at, columns=["label"], filters=[("id", "<", 30100)])
            result = [len(whole), int(whole["id"].sum()), whole["text"][17], len(some),
                      list(some.columns), table.num_rows, table["text"][17].as_py()]
        """), repo=dataset,
    )
    ids = range(ROWS, 2 * ROWS)
    assert got == [ROWS, sum(ids), text_of(ROWS + 17), 100, ["label"], ROWS,
                   text_of(ROWS + 17)]


def test_pyarrow_reads_only_what_it_needs(hub, reader, dataset, parquet_files):
    """One column of one group of rows is a range of some kilobytes of a file of megabytes."""
    with CuttingProxy(hub.address) as proxy:
        got = reader.at(endpoint=proxy.endpoint).script(
            textwrap.dedent("""
                import pyarrow.parquet as parquet
                from huggingface_hub import HfFileSystem
                fs = HfFileSystem()
                at = f"datasets/{repo}/data/train-00000-of-00002.parquet"
                with fs.open(at, block_size=1 << 16, cache_type="none") as raw:
                    file = parquet.ParquetFile(raw)
                    column = file.read_row_group(3, columns=["id"])["id"].to_pylist()
                result = [column[0], column[-1], file.metadata.num_row_groups]
            """), repo=dataset,
        )
        asked = [text.removeprefix("bytes=").split("-") for text in proxy.ranges]
        assert proxy.count("GET", "/resolve/") == len(asked) > 0, "a read without a range"
    assert got == [15000, 19999, ROWS // 5000]
    total = sum(int(last) - int(first) + 1 for first, last in asked)
    assert total < parquet_files[0].stat().st_size / 10


def test_file_system_lists_writes_and_deletes(reader, dataset):
    got = reader.script(
        textwrap.dedent("""
            from huggingface_hub import HfFileSystem
            fs, root = HfFileSystem(), f"datasets/{repo}"
            with fs.open(f"{root}/notes/a.txt", "w") as file:
                file.write("written")
            found = fs.glob(f"{root}/data/*.parquet")
            row = fs.info(found[0])
            before = fs.read_text(f"{root}/notes/a.txt")
            fs.cp_file(f"{root}/notes/a.txt", f"{root}/notes/b.txt")
            fs.rm(f"{root}/notes/a.txt")
            missing = []
            for path in (f"{root}/none", f"{root}/notes/a.txt", "datasets/acme/none/x"):
                missing.append(fs.exists(path))
            folders = sorted(path.removeprefix(root) for path, _, _ in fs.walk(root))
            result = [len(found), row["size"], before, fs.read_text(f"{root}/notes/b.txt"),
                      missing, folders, fs.isdir(f"{root}/data"), fs.isfile(f"{root}/data")]
        """), repo=dataset,
    )
    size = got.pop(1)
    assert size > 1 << 20
    folders = ["", "/data", "/notes"]
    assert got == [PARTS, "written", "written", [False] * 3, folders, True, False]


def test_load_dataset(hub, reader, dataset):
    def load(**options):
        return reader.script(
            textwrap.dedent("""
                import datasets
                rows = datasets.load_dataset(repo, split="train", **options)
                if options.get("streaming"):
                    rows = list(rows)  # to the end: left in the middle, Arrow may abort at exit
                result = [len(rows), rows[4]["id"], rows[4]["text"]]
            """), repo=dataset, options=options,
        )

    assert load() == [PARTS * ROWS, 4, text_of(4)]
    assert load(streaming=True) == [PARTS * ROWS, 4, text_of(4)]
    second = {"data_files": "data/train-00001*"}
    assert load(**second) == [ROWS, ROWS + 4, text_of(ROWS + 4)]
    oldest = hub.get(f"/api/datasets/{dataset}/commits/main").json()[-2]["id"]
    assert load(revision=oldest) == [ROWS, 4, text_of(4)]  # before the second part and the card


def test_private_dataset(hub, owner, reader, dataset):
    settings = f"/api/datasets/{dataset}/settings"
    assert hub.request("PUT", settings, token=owner, json_body={"private": True}).status == 200
    code = textwrap.dedent("""
        import datasets
        try:
            result = len(datasets.load_dataset(repo, split="train"))
        except datasets.exceptions.DatasetNotFoundError:
            result = "not found"
    """)
    assert reader.script(code, repo=dataset) == PARTS * ROWS
    stranger = reader.at(token=hub.user(f"{dataset[5:]}-stranger"), home=reader.home / "stranger")
    assert stranger.script(code, repo=dataset) == "not found"
