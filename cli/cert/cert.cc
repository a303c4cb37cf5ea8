#include <algorithm>
#include <fstream>
#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "cli/cert/check.h"
#include "cli/cert/file_looks.h"
#include "cli/cert/repo_at.h"
#include "cli/cert/summary.h"
#include "cli/jobs/progress_line.h"
#include "cli/print.h"

/// cert: what a hub has signed of its conversions, and whether it holds.
namespace waag::cli {
namespace {

namespace json = boost::json;
using certificate::PublicKey;

constexpr std::size_t pem_bytes_max = 4096;

struct CertOptions {
  std::string source;  // ns/name or ns/name@revision
  std::string target;
  std::string key;     // path of a PEM file
  std::string folder;  // path
};

std::string revision_of(const std::string& source) {
  const auto at = source.find('@');
  return at == source.npos ? "main" : source.substr(at + 1);
}

int complain(const Context& context, const std::string& text) {
  context.world.err << "waag: " << printable(text) << '\n';
  return exit_refused;
}

/// A repo's certificates, as texts.
struct Found {
  std::vector<std::string> paths;  // of those asked for
  std::string nothing;             // why there is none of them
};

Found find(const RepoAt& repo, const CertOptions& options) {
  std::vector<std::string> paths;
  for (const auto& [path, file] : repo.files()) paths.push_back(path);
  Found found{certificate_paths(paths, options.target), ""};
  if (!found.paths.empty()) return found;
  found.nothing = options.source + " has no certificate";
  if (!options.target.empty()) found.nothing += " of " + options.target;
  return found;
}

RepoAt::Maybe read_certificate(RepoAt& repo, const std::string& path, std::string& text) {
  return repo.read(path, certificate::certificate_bytes_max + 1, text);
}

/// With --json: the certificate itself if a target is named, else a list.
int show(Context& context, const CertOptions& options) {
  const auto name = parse_repo_name(options.source.substr(0, options.source.find('@')), "model");
  if (!name) return bad_repo_name(context, options.source);
  RepoAt repo(context, *name);
  if (const auto failed = repo.open(revision_of(options.source))) return context.refuse(*failed);
  const auto found = find(repo, options);
  if (found.paths.empty()) return complain(context, found.nothing);
  std::string list;
  bool is_first = true;
  for (const auto& path : found.paths) {
    std::string text;
    if (const auto failed = read_certificate(repo, path, text)) return context.refuse(*failed);
    const auto read = certificate::parse_certificate(text);
    if (!read) return complain(context, path + ": " + read.error().what);
    if (!context.json && !is_first) context.world.out << '\n';
    if (!context.json) print_summary(context.world.out, *read);
    list += (is_first ? "" : ",\n") + text;
    is_first = false;
  }
  if (context.json) context.world.out << (options.target.empty() ? "[" + list + "]\n" : list);
  return exit_ok;
}

Result<std::string> read_pem(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(pem_bytes_max + 1, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(text.size())) && !in.eof())
    return fail(Errc::unavailable, "cannot read " + path);
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

/// The key to check by: the one of the file, else the hub's. @return an exit code
int find_key(Context& context, const CertOptions& options, PublicKey& key) {
  std::string pem;
  if (!options.key.empty()) {
    auto read = read_pem(options.key);
    if (!read) return complain(context, read.error().what);
    pem = *std::move(read);
  } else if (const auto failed =
                 read_reply(context.hub, "/api/waag/v1/key", pem_bytes_max + 1, pem)) {
    return context.refuse(*failed);
  }
  const auto parsed = certificate::parse_public_pem(pem);
  const auto whose = options.key.empty() ? "the hub's key" : options.key;
  if (!parsed) return complain(context, whose + ": " + parsed.error().what);
  key = *parsed;
  return exit_ok;
}

/// Those of `weights` that no certificate that holds is of.
std::vector<std::string> uncertified(const std::vector<std::string>& weights,
                                     const std::vector<Checked>& all) {
  std::vector<std::string> left;
  for (const auto& path : weights) {
    const auto names = [&path](const Checked& checked) {
      return checked.problems.empty() &&
             std::ranges::count(checked.certificate->output_files, path, &certificate::File::path);
    };
    if (std::ranges::none_of(all, names)) left.push_back(path);
  }
  return left;
}

json::object to_json(const Checked& checked) {
  json::object row{{"path", checked.path}, {"ok", checked.problems.empty()}};
  json::array problems(checked.problems.begin(), checked.problems.end());
  row["problems"] = std::move(problems);
  if (!checked.certificate) return row;
  row["target"] = checked.certificate->target;
  row["verdict"] = to_string(checked.certificate->verdict);
  json::array files;
  for (const auto& file : checked.certificate->output_files)
    files.push_back(json::object{
        {"path", file.path}, {"sha256", file.sha256.hex()}, {"size", file.size_bytes}});
  row["files"] = std::move(files);
  return row;
}

void print_checked(Context& context, const Checked& checked) {
  for (const auto& problem : checked.problems) complain(context, checked.path + ": " + problem);
  if (!checked.problems.empty()) return;
  const auto& of = *checked.certificate;
  auto& out = context.world.out;
  out << checked.path << ": " << of.target << " of " << of.source_repo << " at "
      << of.source_commit.hex() << ", verdict " << to_string(of.verdict) << '\n';
  for (const auto& file : of.output_files)
    out << "  " << printable(file.path) << "  " << human_bytes(file.size_bytes) << "  "
        << file.sha256.hex() << '\n';
}

/// Signatures first, then files: what nobody has signed says nothing of any.
class Verification {
 public:
  Verification(Context& context, const CertOptions& options, RepoName name)
      : context_(context), options_(options), repo_(context, std::move(name)) {}

  int run() {
    if (const auto failed = repo_.open(revision_of(options_.source)))
      return context_.refuse(*failed);
    if (auto listed = find_weights(); !listed) return complain(context_, listed.error().what);
    const auto found = find(repo_, options_);
    if (found.paths.empty()) {
      if (context_.json) print_json(false);
      return complain(context_, found.nothing);
    }
    if (const int code = find_key(context_, options_, key_); code != exit_ok) return code;
    for (const auto& path : found.paths)
      if (const auto failed = check(path)) return context_.refuse(*failed);
    if (const auto failed = look_at_files()) return context_.refuse(*failed);
    const bool holds =
        std::ranges::all_of(all_, [](const auto& checked) { return checked.problems.empty(); });
    print(holds);
    return holds ? exit_ok : exit_refused;
  }

 private:
  RepoAt::Maybe check(const std::string& path) {
    std::string text;
    if (auto failed = read_certificate(repo_, path, text)) return failed;
    std::optional<std::string> signature;
    const auto beside = certificate::signature_path_of(path);
    if (repo_.files().contains(beside)) {
      auto failed = repo_.read(beside, certificate::Signature::size_bytes + 1, signature.emplace());
      if (failed) return failed;
    }
    all_.push_back(check_signed(path, text, signature, key_));
    return std::nullopt;
  }
  /// Those that should be of a certificate. If a target is named, nobody knows which: the other
  /// certificates are not looked at.
  Status find_weights() {
    if (!options_.target.empty()) return ok();
    if (!options_.folder.empty()) {
      WAAG_TRY(weights_, weights_in(options_.folder));
      return ok();
    }
    auto& weights = weights_.emplace();
    for (const auto& [path, file] : repo_.files())
      if (is_weights(path)) weights.push_back(path);
    return ok();
  }
  RepoAt::Maybe look_at_files() {
    if (options_.folder.empty()) {
      LookInRepo look(repo_);
      for (auto& checked : all_) check_files(checked, std::ref(look));
      return look.failure();
    }
    LookInFolder look(context_, options_.folder, all_);
    for (auto& checked : all_) check_files(checked, std::ref(look));
    look.end_line();
    return std::nullopt;
  }
  void print(bool holds) {
    if (context_.json) return print_json(holds);
    for (const auto& checked : all_) print_checked(context_, checked);
    if (weights_)
      for (const auto& path : uncertified(*weights_, all_))
        context_.world.err << "note: " << printable(path) << " is of no certificate that holds\n";
    if (holds)
      context_.world.out << "signed by ed25519:" << key_.hex()
                         << (options_.key.empty() ? ", the key of " + context_.hub.endpoint()
                                                  : ", the key in " + options_.key)
                         << "; all files are as certified, "
                         << (options_.folder.empty() ? "at " + repo_.commit()
                                                     : "in " + options_.folder)
                         << '\n';
  }
  void print_json(bool holds) {
    json::object told{{"ok", holds},
                      {"repo", options_.source.substr(0, options_.source.find('@'))}};
    told["commit"] = repo_.commit();
    if (!all_.empty()) told["key"] = "ed25519:" + key_.hex();
    if (!options_.folder.empty()) told["folder"] = options_.folder;
    json::array rows;
    for (const auto& checked : all_) rows.push_back(to_json(checked));
    told["certificates"] = std::move(rows);
    if (weights_) {
      const auto left = uncertified(*weights_, all_);
      told["uncertified"] = json::array(left.begin(), left.end());
    }
    context_.world.out << json::serialize(told) << '\n';
  }

  Context& context_;
  const CertOptions& options_;
  RepoAt repo_;
  PublicKey key_;
  std::vector<Checked> all_;
  std::optional<std::vector<std::string>> weights_;  // nullopt: a target is named
};

int verify(Context& context, const CertOptions& options) {
  const auto name = parse_repo_name(options.source.substr(0, options.source.find('@')), "model");
  if (!name) return bad_repo_name(context, options.source);
  return Verification(context, options, *name).run();
}

CLI::App* add(CLI::App& group, const std::shared_ptr<CertOptions>& options, const char* name,
              const char* about) {
  auto* command = group.add_subcommand(name, about);
  command->add_option("repo", options->source, "namespace/name, or namespace/name@revision")
      ->required();
  command->add_option("target", options->target, "only of this one: gguf:Q4_K_M, or Q4_K_M");
  return command;
}

}  // namespace

void add_cert_commands(CLI::App& app, Command& chosen) {
  auto* group = app.add_subcommand("cert", "certificates of conversions: what was lost, signed");
  group->require_subcommand(1);
  auto options = std::make_shared<CertOptions>();
  add(*group, options, "show", "what they say, and which tensors lost most; checks no signature")
      ->callback([&chosen, options] {
        chosen = [options](Context& context) { return show(context, *options); };
      });
  auto* command = add(*group, options, "verify",
                      "whether they are signed, and all files have the bytes that they name");
  command->add_option("--key", options->key,
                      "PEM file of the key that must have signed; otherwise the hub is asked for "
                      "its own, which trusts the hub");
  command->add_option("--folder", options->folder, "look at the files here, not at the hub's");
  command->footer(
      "Exit code 1 if one of them does not hold, or there is none.\n"
      "Examples:\n"
      "  waag cert verify ada/tiny-GGUF\n"
      "  waag cert verify ada/tiny-GGUF@v1 Q4_K_M --key hub.pem --folder ./tiny");
  command->callback([&chosen, options] {
    chosen = [options](Context& context) { return verify(context, *options); };
  });
}

}  // namespace waag::cli
