#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/meta/row_codec.h"

namespace waag::storage {

enum class Visibility : std::uint8_t { open = 0, closed = 1 };  // public and private are keywords

/// Who decides on requests for access to a gated repo's files: nobody has to ask, all who ask are
/// let in, a person decides.
enum class Gate : std::uint8_t { none = 0, automatic = 1, manual = 2 };

struct RepoRow {
  std::uint64_t uid = 0;  // never reused: rights and links hang on it, not on the name
  RepoId id;              // in the spelling it was created with
  Visibility visibility{Visibility::open};
  std::string creator;
  TimeMs created{};
  std::string sdk;  // spaces only
  Gate gate{Gate::none};
  bool disabled = false;  // by a hub admin: nothing of it is served
  bool discussions_disabled = false;
  bool mirrored = false;  // comes from an upstream, and changes with it alone
  bool operator==(const RepoRow&) const = default;
};

/// What of a repo's row may be changed; nullopt leaves it.
struct RepoSettings {
  std::optional<Visibility> visibility{};
  std::optional<Gate> gate{};
  std::optional<bool> disabled{};
  std::optional<bool> discussions_disabled{};
};

/// A name that a repo had before: whoever asks for it is sent on to where the repo is now.
struct RedirectRow {
  std::uint64_t uid = 0;
  bool operator==(const RedirectRow&) const = default;
};

/// A deleted repo that can still be restored. It has no row by name and none by uid, so nothing
/// finds it and it grants nothing.
struct TrashRow {
  RepoRow repo;  // as it was
  TimeMs deleted{};
  std::string user;  // who deleted it
  bool operator==(const TrashRow&) const = default;
};

struct RefRow {
  CommitId target;   // peeled
  GitId tag_object;  // annotated tags; zero otherwise
  TimeMs updated{};
  bool operator==(const RefRow&) const = default;
};

struct Ref {
  std::string name;  // full: refs/heads/main
  RefRow row;
};

/// One step of a ref's history: kept for time travel and audit.
struct RefLogRow {
  CommitId from;  // zero: created
  CommitId to;    // zero: deleted
  std::string user;
  TimeMs at{};
};

/// One user's like of one repo.
struct LikeRow {
  TimeMs at{};
  bool operator==(const LikeRow&) const = default;
};

std::string encode(const RepoRow& row);
std::string encode(const RedirectRow& row);
std::string encode(const TrashRow& row);
std::string encode(const RefRow& row);
std::string encode(const RefLogRow& row);
std::string encode(const LikeRow& row);
Result<RepoRow> decode_repo(std::string_view value);
Result<RedirectRow> decode_redirect(std::string_view value);
Result<TrashRow> decode_trash(std::string_view value);
Result<RefRow> decode_ref(std::string_view value);
Result<RefLogRow> decode_ref_log(std::string_view value);
Result<LikeRow> decode_like(std::string_view value);

}  // namespace waag::storage
