#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "protocol/xet/merkle.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : HubFixture {
  Hub() {
    make_repo("tiny");
    upload("ada/tiny", "weights");
    id = committed("ada/tiny", file_line("a/b/c.txt", "ccc") + file_line("a/d.txt", "dd") +
                                   file_line("e+f #1.txt", "e") + lfs_line("m.bin", "weights"));
  }
  std::string id;
};

std::vector<std::string> paths(const Reply& reply) {
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  std::vector<std::string> found;
  for (const auto& entry : reply.json().as_array())
    found.emplace_back(entry.at("path").as_string());
  return found;
}

using Paths = std::vector<std::string>;

/// All pages from `target` on; each has at most two entries and an absolute link to the next.
Paths all_pages(Hub& hub, std::string target) {
  Paths all;
  for (int pages = 0; pages < 10 && !target.empty(); ++pages) {
    const auto reply = hub.get(target);
    const auto page = paths(reply);
    CHECK(page.size() <= 2);
    all.insert(all.end(), page.begin(), page.end());
    const auto link = reply.header("Link");
    target.clear();
    if (link.empty()) break;
    REQUIRE(link.starts_with("<http://hub:8080/api/models/ada/tiny/tree/main?"));
    REQUIRE(link.ends_with(">; rel=\"next\""));
    target = HubFixture::path_of(link.substr(1, link.find('>') - 1));
  }
  return all;
}

}  // namespace

TEST_CASE("tree: a slash at the end says nothing more", "[daemon][tree]") {
  Hub hub;
  const std::string tree = "/api/models/ada/tiny/tree/";
  for (const auto* at : {"main", "main/a", "main/a/b", "refs%2Fheads%2Fmain", "main/none"}) {
    CAPTURE(at);
    const auto without = hub.get(tree + at + "?recursive=true");
    const auto with = hub.get(tree + at + "/?recursive=true");
    CHECK(with.status == without.status);
    CHECK(with.body == without.body);
  }
  CHECK(hub.get(tree + "main/").status == 200);
  CHECK(hub.get(tree + "main//").status == 400);
  CHECK(hub.get(tree).status == 404);
  CHECK(hub.get("/ada/tiny/resolve/main/a/d.txt/").status == 400);
}

TEST_CASE("tree: flat and recursive, directories before their children", "[daemon][tree]") {
  Hub hub;
  CHECK(paths(hub.get("/api/models/ada/tiny/tree/main")) ==
        Paths{"a", ".gitattributes", "e+f #1.txt", "m.bin"});
  CHECK(paths(hub.get("/api/models/ada/tiny/tree/main?recursive=True")) ==
        Paths{"a", "a/b", "a/b/c.txt", "a/d.txt", ".gitattributes", "e+f #1.txt", "m.bin"});
  CHECK(paths(hub.get("/api/models/ada/tiny/tree/main/a%2Fb")) == Paths{"a/b/c.txt"});
  CHECK(paths(hub.get("/api/models/ada/tiny/tree/main/a/b")) == Paths{"a/b/c.txt"});
  CHECK(paths(hub.get("/api/models/ada/tiny/tree/" + hub.id + "/a?recursive=1")) ==
        Paths{"a/b", "a/b/c.txt", "a/d.txt"});
}

TEST_CASE("tree: fields of files, LFS files and directories", "[daemon][tree]") {
  Hub hub;
  const auto entries = hub.get("/api/models/ada/tiny/tree/main").json().as_array();
  const xet::HashedLength chunk{xet::chunk_hash(as_bytes("weights")), 7};
  const auto xet_hash = xet::file_hash({&chunk, 1});
  CHECK(boost::json::serialize(entries.at(3)) ==
        R"({"type":"file","oid":")" + std::string(entries.at(3).at("oid").as_string()) +
            R"(","size":7,"path":"m.bin","lfs":{"oid":")" + HubFixture::oid("weights").hex() +
            R"(","size":7,"pointerSize":126},"xetHash":")" + xet::xet_string(xet_hash) + "\"}");
  CHECK(entries.at(0).at("type") == "directory");
  CHECK(entries.at(0).at("size") == 0);
  CHECK(entries.at(0).at("oid").as_string().size() == 40);
  // printf e | git hash-object --stdin
  CHECK(entries.at(2).at("oid") == "9cbe6ea56f225388ae614c419249bfc6d734cc30");
  CHECK_FALSE(entries.at(2).as_object().contains("xetHash"));
}

TEST_CASE("tree: pages by limit are complete and absolute", "[daemon][tree]") {
  Hub hub;
  const std::string tree = "/api/models/ada/tiny/tree/main";
  CHECK(all_pages(hub, tree + "?recursive=true&limit=2") == paths(hub.get(tree + "?recursive=1")));
  hub.committed("ada/tiny", hub.file_line("z/1", "1") + hub.file_line("a.b/1", "1"));
  const Paths flat{"a.b", "a", "z", ".gitattributes", "e+f #1.txt", "m.bin"};
  CHECK(paths(hub.get(tree)) == flat);
  CHECK(all_pages(hub, tree + "?limit=2") == flat);
  CHECK(all_pages(hub, tree + "?limit=1") == flat);
}

TEST_CASE("tree: expand names the commit that touched an entry last", "[daemon][tree]") {
  Hub hub;
  hub.clock.advance(std::chrono::seconds(5));
  const auto second = hub.committed("ada/tiny", HubFixture::file_line("a/d.txt", "changed"));
  const auto entries = hub.get("/api/models/ada/tiny/tree/main?recursive=true&expand=true").json();
  for (const auto& entry : entries.as_array()) {
    const auto path = std::string(entry.at("path").as_string());
    CAPTURE(path);
    const auto& last = entry.at("lastCommit");
    if (path == "a" || path == "a/d.txt")
      CHECK(last.at("id").as_string() == second);
    else if (path == ".gitattributes")
      CHECK(last.at("title") == "initial commit");
    else
      CHECK(last.at("id").as_string() == hub.id);
    CHECK(last.at("date").as_string().ends_with(".000Z"));
  }
}

TEST_CASE("tree: what is not there", "[daemon][tree]") {
  Hub hub;
  for (const std::string path : {"nope", "m.bin", "a/nope"}) {
    const auto reply = hub.get("/api/models/ada/tiny/tree/main/" + path);
    CHECK(reply.status == 404);
    CHECK(reply.header("X-Error-Code") == "EntryNotFound");
    CHECK(reply.error() == path + " does not exist on \"main\"");
  }
  CHECK(hub.get("/api/models/ada/tiny/tree/nope").header("X-Error-Code") == "RevisionNotFound");
  CHECK(hub.get("/api/models/ada/tiny/tree/main?limit=x").status == 400);
  CHECK(hub.get("/api/models/ada/tiny/tree/main?cursor=%21").status == 400);
}

TEST_CASE("treesize: of the whole and of a part", "[daemon][tree]") {
  Hub hub;
  CHECK(hub.get("/api/models/ada/tiny/treesize/main/a").body == R"({"path":"/a","size":5})");
  CHECK(hub.get("/api/models/ada/tiny/treesize/main/m.bin").body ==
        R"({"path":"/m.bin","size":7})");
  const auto all = hub.get("/api/models/ada/tiny/treesize/main").json();
  CHECK(all.at("path") == "/");
  CHECK(all.at("size").to_number<int>() > 13);
  CHECK(hub.get("/api/models/ada/tiny/treesize/main/x").status == 404);
}

TEST_CASE("paths-info: form and JSON give the same, missing ones are left out", "[daemon][tree]") {
  Hub hub;
  const std::string target = "/api/models/ada/tiny/paths-info/main";
  const auto form =
      hub.post(target, "", "paths=a%2Fd.txt&paths=nope&paths=e%2Bf+%231.txt&paths=a%2F",
               "Content-Type: application/x-www-form-urlencoded\r\n");
  CHECK(paths(form) == Paths{"a/d.txt", "e+f #1.txt", "a"});
  const auto json = hub.post(target, "", R"({"paths":["a/d.txt","nope","e+f #1.txt","a"]})",
                             "Content-Type: application/json\r\n");
  CHECK(json.body == form.body);
  const auto expanded = hub.post(target, "", "paths=m.bin&expand=True");
  CHECK(expanded.json().at(0).as_object().contains("lastCommit"));
}

TEST_CASE("paths-info: bad input", "[daemon][tree]") {
  Hub hub;
  const std::string target = "/api/models/ada/tiny/paths-info/main";
  const std::string type = "Content-Type: application/json\r\n";
  CHECK(hub.post(target, "", "{", type).status == 400);
  CHECK(hub.post(target, "", "[]", type).status == 400);
  CHECK(hub.post(target, "", R"({"paths":[1]})", type).status == 400);
  std::string many = "paths=a";
  for (int i = 0; i < 1000; ++i) many += "&paths=a";
  CHECK(hub.post(target, "", many).status == 400);
  CHECK(hub.post("/api/models/ada/tiny/paths-info/nope", "", "paths=a").status == 404);
}
