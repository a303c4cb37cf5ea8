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
config = json.load(open(job.get("source", job.get("model")) + "/config.json"))
mode = config.get("fake", "good")


def say(**event):
    print(json.dumps(event), flush=True)


def weights(target, name):
    say(event="weights", target=target, name=name, type="Q8_0", shape=[8], sqnr_db=45.5,
        rel_rmse=0.005, max_error=0.001, sha256="c" * 64)


def compared(target, **others):
    say(event="compared", target=target, **{
        "places": 30, "perplexity_reference": 10.5, "perplexity_other": 11,
        "ln_perplexity_ratio": 0.04, "ln_perplexity_ratio_error": 0.01, "kld_mean": 0.03,
        "kld_error": 0.002, "kld_median": 0.02, "kld_p90": 0.1, "kld_p99": 0.3, "kld_p999": 0.5,
        "kld_max": 0.6, "same_top": 0.93, "next_mean": -0.001, "next_rms": 0.05, **others})


def verdict(target, verdict="pass", reasons=()):
    limits = {"kld_mean": 0.06, "kld_p99": 0.6, "same_top": 0.9, "ln_perplexity_ratio": 0.05,
              "factor": 2}
    say(event="verdict", target=target, verdict=verdict, limits=limits, reasons=list(reasons))


def validate():
    if mode == "v_refuse":
        say(event="error", message="this model is not run: dynamic positions")
        sys.exit(3)
    is_check = job["results"][0].get("folder", "").endswith("/none")
    if mode == "v_spec" and not is_check:
        say(event="error", message=json.dumps(job))
        sys.exit(3)
    if mode != "v_no_text":
        say(event="text", id="waag-evaluation-1", sha256="a" * 64, tokenizer_sha256="b" * 64,
            context=512, tokens=64, places=30)
    for result in job["results"]:
        target = result["target"]
        bad = target == "gguf:Q4_K_M"
        if is_check:
            verdict(target, "fail", ["there is no config.json"])
            continue
        if mode == "v_unknown":
            target = "gguf:Q9"
        path = result.get("gguf") or result["folder"] + "/model.safetensors"
        if open(path, "rb").read(1) == b"":
            sys.exit(9)
        weights(target, "t")
        weights(target, "t" if mode == "v_twice" else "u")
        say(event="block", target=target, block=0, blocks=2, error=0.01)
        if mode == "v_hang" and not os.path.exists(os.path.dirname(path) + "/go"):
            time.sleep(1000)
        say(event="block", target=target, block=1, blocks=2, error=0.02)
        if mode == "v_order":
            weights(target, "v")
        if mode == "v_nan":
            compared(target, kld_mean=float("nan"))
        elif mode == "v_null" or (mode == "v_damaged" and bad):
            compared(target, kld_mean=None, perplexity_other=None)
        else:
            compared(target)
        if mode == "v_silent" and bad:
            continue
        if mode in ("v_fail", "v_damaged") and bad:
            verdict(target, "fail", ["mean KLD 0.5 is above 0.12"])
        elif mode == "v_warn" and bad:
            verdict(target, "warn", ["mean KLD 0.07 is above 0.06"])
        else:
            verdict(target, reasons=["but"] if mode == "v_reasons" else ())
    say(event="done", tokens=64, seconds=0.1)
    if mode == "v_more" and not is_check:
        verdict("gguf:F16")
    sys.exit(0)


if "--validate" in sys.argv:
    validate()
out = job["output"]
if mode.startswith("v_"):
    with open(out + "/runs", "a") as runs:
        runs.write("x")


def gguf():
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0)
    head += struct.pack("<Q", 1) + b"t" + struct.pack("<IQIQ", 1, 8, 0, 0)
    return head + bytes(-len(head) % 32) + struct.pack("<8f", *range(8))


def safetensors():
    head = json.dumps({"t": {"dtype": "F32", "shape": [8], "data_offsets": [0, 32]}}).encode()
    values = range(1, 9) if mode == "other_weights" else range(8)
    return struct.pack("<Q", len(head)) + head + struct.pack("<8f", *values)


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


def first_time(name="marker"):
    marker = out + "/" + name
    if os.path.exists(marker):
        return False
    open(marker, "w").close()
    return True


name = str(os.path.getsize(out + "/runs")) if mode.startswith("v_") else ""
say(event="device", device="cpu", name=name, message="told " + job["device"])
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
