#include "storage/meta/keys.h"

#include <algorithm>

namespace waag::storage::keys {
namespace {

/// Builds one key: the kind byte, then its fields.
class Key {
 public:
  explicit Key(char kind) : text_(1, kind) {}
  Key& raw(ByteView bytes) {
    text_.append(as_text(bytes));
    return *this;
  }
  Key& number(std::uint64_t value) {  // big-endian, so that keys sort by value
    for (int shift = 56; shift >= 0; shift -= 8) byte(static_cast<std::uint8_t>(value >> shift));
    return *this;
  }
  Key& byte(std::uint8_t value) {
    text_.push_back(static_cast<char>(value));
    return *this;
  }
  Key& text(std::string_view value) {
    text_.append(value);
    return *this;
  }
  /// Names are found whatever their case: ASCII only, as the grammar of names is.
  Key& folded(std::string_view value) {
    for (const char c : value)
      text_.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string chunk(const ChunkHash& hash) { return Key('c').raw(hash.view()).take(); }
std::string git_object(const GitId& id) { return Key('g').raw(id.view()).take(); }
std::string look_up(RecordKind kind, const std::array<std::byte, 32>& hash) {
  if (kind == RecordKind::chunk) return chunk(ChunkHash{hash});
  GitId id;
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  return git_object(id);
}
std::string large_git_blob(const GitId& id) { return Key('G').raw(id.view()).take(); }
std::string lfs_pointer(const GitId& id) { return Key('p').raw(id.view()).take(); }
std::string blob(const BlobId& id) { return Key('b').raw(id.view()).take(); }
std::string file(const FileHash& hash) { return Key('f').raw(hash.view()).take(); }
std::string xorb(const XorbHash& hash) { return Key('x').raw(hash.view()).take(); }
std::string tensor_map(const BlobId& id) { return Key('m').raw(id.view()).take(); }
std::string dedup(const ChunkHash& chunk, const BlobId& blob) {
  return Key('E').raw(chunk.view()).raw(blob.view()).take();
}
std::string dedup_of(const ChunkHash& chunk) { return Key('E').raw(chunk.view()).take(); }

std::string damaged(const RecordPlace& at) {
  return Key('X').number(static_cast<std::uint64_t>(at.pack)).number(at.record).take();
}
std::string mirror(std::uint64_t uid) { return Key('M').number(uid).take(); }
std::string listed_size(const GitId& id) { return Key('N').raw(id.view()).take(); }
std::string unproven(std::uint64_t uid, const GitId& id) {
  return Key('Y').number(uid).raw(id.view()).take();
}
std::string unproven_of(std::uint64_t uid) { return Key('Y').number(uid).take(); }
std::string claimed_commit(const CommitId& id) { return Key('K').raw(id.view()).take(); }
std::string seen_xorb(const BlobId& upstream, const XorbHash& xorb) {
  return Key('J').raw(upstream.view()).raw(xorb.view()).take();
}
std::string job(std::uint64_t id) { return Key('j').number(id).take(); }
std::string mirror_rule(std::string_view name) { return Key('Z').folded(name).take(); }

RecordPlace damaged_record(std::string_view key) {
  return {PackId{number_at(key, 1)}, static_cast<std::uint32_t>(last_number(key))};
}

std::string repo(const RepoId& id) {
  return Key('r').byte(static_cast<std::uint8_t>(id.type)).folded(id.full_name()).take();
}
std::string repo_type(RepoType type) {
  return Key('r').byte(static_cast<std::uint8_t>(type)).take();
}
std::string repo_uid(std::uint64_t uid) { return Key('o').number(uid).take(); }
std::string redirect(const RepoId& former) {
  return Key('R').byte(static_cast<std::uint8_t>(former.type)).folded(former.full_name()).take();
}

std::string trashed(std::uint64_t uid) { return Key('q').number(uid).take(); }

std::string ref(std::uint64_t uid, std::string_view name) {
  return Key('h').number(uid).text(name).take();
}
std::string refs(std::uint64_t uid) { return Key('h').number(uid).take(); }
std::string ref_log(std::uint64_t uid, std::string_view name, std::uint64_t seq) {
  return Key('H').number(uid).text(name).byte(0).number(seq).take();
}

std::string ref_log_of(std::uint64_t uid, std::string_view name) {
  return Key('H').number(uid).text(name).byte(0).take();
}
std::string ref_logs(std::uint64_t uid) { return Key('H').number(uid).take(); }

std::string repo_commit(std::uint64_t uid, const CommitId& commit) {
  return Key('C').number(uid).raw(commit.view()).take();
}
std::string repo_commits(std::uint64_t uid) { return Key('C').number(uid).take(); }

std::string link(std::uint64_t uid, const BlobId& blob) {
  return Key('l').number(uid).raw(blob.view()).take();
}
std::string links(std::uint64_t uid) { return Key('l').number(uid).take(); }
std::string holder(const BlobId& blob, std::uint64_t uid) {
  return Key('L').raw(blob.view()).number(uid).take();
}
std::string holders(const BlobId& blob) { return Key('L').raw(blob.view()).take(); }

std::string upload(std::string_view user, std::uint64_t uid, const BlobId& blob) {
  return Key('u').folded(user).byte(0).number(uid).raw(blob.view()).take();
}
std::string uploads(std::string_view user, std::uint64_t uid) {
  return Key('u').folded(user).byte(0).number(uid).take();
}
std::string replay(std::uint64_t uid, const BlobId& key) {
  return Key('k').number(uid).raw(key.view()).take();
}
std::string replays(std::uint64_t uid) { return Key('k').number(uid).take(); }

std::string user(std::string_view name) { return Key('U').folded(name).take(); }
std::string token(std::string_view public_id) { return Key('t').text(public_id).take(); }
std::string user_token(std::string_view user, std::string_view public_id) {
  return Key('T').folded(user).byte(0).text(public_id).take();
}

std::string org(std::string_view name) { return Key('O').folded(name).take(); }
std::string member(std::string_view org, std::string_view user) {
  return Key('W').folded(org).byte(0).folded(user).take();
}
std::string members(std::string_view org) { return member(org, ""); }
std::string membership(std::string_view user, std::string_view org) {
  return Key('w').folded(user).byte(0).folded(org).take();
}
std::string memberships(std::string_view user) { return membership(user, ""); }
std::string group(std::string_view org, std::string_view name) {
  return Key('P').folded(org).byte(0).folded(name).take();
}
std::string groups(std::string_view org) { return group(org, ""); }
std::string group_member(std::string_view org, std::string_view group, std::string_view user) {
  return Key('Q').folded(org).byte(0).folded(group).byte(0).folded(user).take();
}
std::string group_members(std::string_view org, std::string_view group) {
  return group_member(org, group, "");
}
std::string user_group(std::string_view user, std::string_view org, std::string_view group) {
  return Key('V').folded(user).byte(0).folded(org).byte(0).folded(group).take();
}
std::string user_groups(std::string_view user) { return Key('V').folded(user).byte(0).take(); }
std::string user_groups_in(std::string_view user, std::string_view org) {
  return user_group(user, org, "");
}
std::string grant(std::uint64_t uid, std::string_view grantee) {
  return Key('B').number(uid).text(grantee).take();
}
std::string grants(std::uint64_t uid) { return Key('B').number(uid).take(); }
std::string granted(std::string_view grantee, std::uint64_t uid) {
  return Key('D').text(grantee).byte(0).number(uid).take();
}
std::string granted_to(std::string_view grantee) { return Key('D').text(grantee).byte(0).take(); }
std::string grantee(std::string_view org, std::string_view name) {
  auto key = Key(org.empty() ? 'u' : 'g');
  if (!org.empty()) key.folded(org).text("/");
  return key.folded(name).take();
}

std::string like(std::uint64_t uid, std::string_view user) {
  return Key('i').number(uid).byte(0).folded(user).take();
}
std::string likes(std::uint64_t uid) { return Key('i').number(uid).byte(0).take(); }
std::string like_count(std::uint64_t uid) { return Key('i').number(uid).take(); }
std::string user_like(std::string_view user, std::uint64_t uid) {
  return Key('I').folded(user).byte(0).number(uid).take();
}
std::string user_likes(std::string_view user) { return Key('I').folded(user).byte(0).take(); }
std::string session(std::string_view upload_id) { return Key('s').text(upload_id).take(); }
std::string access(std::uint64_t uid, std::string_view user) {
  return Key('a').number(uid).folded(user).take();
}
std::string accesses(std::uint64_t uid) { return Key('a').number(uid).take(); }
std::string counter(std::string_view name) { return Key('n').text(name).take(); }
std::string downloads(std::uint64_t uid) { return Key('v').number(uid).take(); }
std::string summary(std::uint64_t uid) { return Key('S').number(uid).take(); }

std::string discussion(std::uint64_t uid, std::uint64_t number) {
  return Key('d').number(uid).number(number).take();
}
std::string discussions(std::uint64_t uid) { return Key('d').number(uid).take(); }
std::string event(std::uint64_t uid, std::uint64_t number, std::uint64_t seq) {
  return Key('e').number(uid).number(number).number(seq).take();
}
std::string events_of(std::uint64_t uid, std::uint64_t number) {
  return Key('e').number(uid).number(number).take();
}
std::string events(std::uint64_t uid) { return Key('e').number(uid).take(); }

std::uint64_t number_at(std::string_view key, std::size_t offset) {
  std::uint64_t number = 0;
  for (const char c : key.substr(offset, 8)) number = number << 8 | static_cast<std::uint8_t>(c);
  return number;
}

}  // namespace waag::storage::keys
