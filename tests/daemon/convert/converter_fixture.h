#pragma once

#include <filesystem>
#include <fstream>

#include "daemon/convert/convert_job.h"
#include "daemon/jobs/jobs.h"
#include "tests/daemon/hub_fixture.h"

namespace waag::daemon::testing {

/// Speaks as waag-convert does. What it does wrong stands in the source's config.json.
inline constexpr const char* fake_converter = R"(#!/usr/bin/python3
import hashlib, json, os, signal, struct, sys, time

job = json.load(sys.stdin)
out = job["output"]
config = json.load(open(job["source"] + "/config.json"))
mode = config.get("fake", "good")


def say(**event):
    print(json.dumps(event), flush=True)


def gguf():
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0)
    head += struct.pack("<Q", 1) + b"t" + struct.pack("<IQIQ", 1, 8, 0, 0)
    return head + bytes(-len(head) % 32) + struct.pack("<8f", *range(8))


def safetensors():
    head = json.dumps({"t": {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]}}).encode()
    return struct.pack("<Q", len(head)) + head + struct.pack("<8f", *range(8))


def put(target, path, content):
    os.makedirs(os.path.dirname(out + "/" + path), exist_ok=True)
    with open(out + "/" + path, "wb") as file:
        file.write(content)
    sha = hashlib.sha256(content).hexdigest()
    if mode == "wrong_sha":
        sha = "0" * 64
    if mode == "wrong_size":
        content += b"x"
    if mode == "escape":
        path = "../../../data/FORMAT"
    say(event="file", target=target, path=path, size=len(content), sha256=sha)


def first_time():
    marker = out + "/marker"
    if os.path.exists(marker):
        return False
    open(marker, "w").close()
    return True


say(event="device", device="cpu", message="told " + job["device"])
if mode == "garbage":
    print("Loading model ...", flush=True)
    time.sleep(1000)
if mode == "refuse":
    say(event="error", message="SomeNewModel is an architecture that is not known")
    sys.exit(3)
if mode == "device":
    say(event="error", message="told " + job["device"])
    sys.exit(3)
if mode == "crash":
    print("about to fall", file=sys.stderr)
    os.kill(os.getpid(), signal.SIGSEGV)
if mode == "bad_spec":
    sys.exit(2)
if mode == "full_once" and first_time():
    say(event="error", message="no space left")
    sys.exit(4)
if mode == "hang" or (mode == "hang_once" and first_time()):
    say(event="plan", target="gguf:F32", tensors=1, bytes=100)
    say(event="tensor", target="gguf:F32", name="t", type="F32", bytes=40, done_bytes=40,
        total_bytes=100, bytes_per_s=1.5, eta_s=40)
    time.sleep(1000)
for target in job["targets"]:
    text = target["kind"] + ":" + target["type"]
    if target["kind"] == "gguf":
        content = b"GGUF no more" if mode == "bad_header" else gguf()
        parts = [""]
        if "split_bytes" in target:
            parts = ["-00001-of-00002", "-00002-of-00002"]
        for part in parts:
            put(text, target["file"].replace(".gguf", part + ".gguf"), content)
        if mode == "link":
            os.remove(out + "/" + target["file"])
            os.symlink("/etc/hostname", out + "/" + target["file"])
    else:
        put(text, target["folder"] + "/model.safetensors", safetensors())
        put(text, target["folder"] + "/config.json", json.dumps(job["model"]).encode())
    if mode == "warn":
        say(event="warning", target=text, message="other tokens than they should be")
        say(event="warning", target="gguf:Q9", message="unasked")
if mode == "show_via":
    say(event="error", message="via " + job["via"])
    sys.exit(3)
if mode != "not_done":
    say(event="done")
)";

/// A hub with a converter, whose jobs run once they are started.
struct ConverterFixture : HubFixture {
  ConverterFixture() {
    const auto program = folder.path() / "fake-convert";
    std::ofstream(program) << fake_converter;
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    config.convert.program = program.string();
    config.convert.threads = 2;
    config.store.reserve_bytes = 0;
    begin();
  }
  ~ConverterFixture() { end(); }

  /// As another start of the daemon.
  void begin() {
    Jobs::Options options;
    options.tick = std::chrono::milliseconds(2);
    options.backoff = std::chrono::milliseconds(1);
    app->jobs = std::make_shared<Jobs>(*store, storage::system_clock(), log, options);
    REQUIRE(add_convert_jobs(*app));
    REQUIRE(app->jobs->start());
  }

  void end() {
    app->jobs->stop();
    app->jobs.reset();
  }

  static constexpr const char* card =
      "---\\nlicense: apache-2.0\\nlanguage: [en]\\ntags: [chat]\\n---\\n# Tiny\\n";

  /// A model of ada's that the fake converter treats as `mode` says.
  void make_source(const std::string& mode, const std::string& repo = "ada/tiny",
                   bool hidden = false) {
    make_repo(repo, hidden);
    upload(repo, weights);
    committed(repo, file_line("config.json", R"({\"fake\":\")" + mode + R"(\"})") +
                        file_line("README.md", card) + file_line("LICENSE", "Be nice.") +
                        file_line("notes/x.txt", "not wanted") +
                        lfs_line("model.safetensors", weights));
  }
  Reply ask_for(const std::string& targets, const std::string& more = "",
                const std::string& token = "", const std::string& source = "ada/tiny") {
    return post("/api/waag/v1/convert", token.empty() ? ada : token,
                R"({"source":")" + source + R"(","targets":[)" + targets + "]" + more + "}");
  }
  std::uint64_t submit(const std::string& targets, const std::string& more = "") {
    const auto reply = ask_for(targets, more);
    INFO(reply.body);
    REQUIRE(reply.status == 202);
    return static_cast<std::uint64_t>(reply.json().at("id").as_int64());
  }
  storage::JobRow ended(std::uint64_t id) {
    const auto feed = app->jobs->watch(id);
    REQUIRE(feed);
    REQUIRE((*feed)->wait_over(std::chrono::seconds(30)));
    return (*feed)->row();
  }
  storage::JobRow convert(const std::string& targets, const std::string& more = "") {
    return ended(submit(targets, more));
  }
  /// Waits until the job has said how far it is.
  void wait_for_progress(std::uint64_t id) {
    const auto feed = app->jobs->watch(id);
    REQUIRE(feed);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while ((*feed)->row().progress.done_bytes != 40) {
      REQUIRE(std::chrono::steady_clock::now() < end);
      std::this_thread::yield();
    }
  }
  std::filesystem::path scratch(std::uint64_t id) {
    return std::filesystem::path(config.store.data) / "convert" / std::to_string(id);
  }
  std::string file(const std::string& repo, const std::string& path,
                   const std::string& token = "") {
    return get("/" + repo + "/resolve/main/" + path, token.empty() ? ada : token).body;
  }

  const std::string weights = std::string(5000, 'w');
};

}  // namespace waag::daemon::testing
