#include "convert/validation_job/validation_events.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

boost::json::value value_of(std::string_view text) { return boost::json::parse(text); }

}  // namespace

TEST_CASE("validation_events: the text", "[convert][validation]") {
  Evaluation of;
  of.id = "given";
  of.sha256 = "aa";
  of.tokenizer_sha256 = "bb";
  of.context = 2;
  of.chunks = {{1, 2}, {3, 4}};
  CHECK(value_of(text_event(of, 2)) ==
        value_of(R"({"event":"text","id":"given","sha256":"aa","tokenizer_sha256":"bb","context":2,
                   "tokens":4,"places":2})"));
  of.sha256 = of.tokenizer_sha256 = "";
  CHECK(value_of(text_event(of, 2)).at("sha256").is_null());
}

TEST_CASE("validation_events: a tensor", "[convert][validation]") {
  WeightErrors of;
  of.name = "blk.0.attn_q.weight";
  of.type = "Q4_K";
  of.shape = {4, 256};
  of.sha256 = "cc";
  of.elements = 1024;
  of.relative_rmse = 0.5;
  of.largest_error = 0.25;
  of.sqnr_db = 22.5;
  CHECK(value_of(weights_event("gguf:Q4_K_M", of)) ==
        value_of(R"({"event":"weights","target":"gguf:Q4_K_M","name":"blk.0.attn_q.weight",
                     "type":"Q4_K","shape":[4,256],"sqnr_db":22.5,"rel_rmse":0.5,
                     "max_error":0.25,"sha256":"cc"})"));
  of.sqnr_db.reset();
  CHECK(value_of(weights_event("gguf:Q4_K_M", of)).at("sqnr_db").is_null());
}

TEST_CASE("validation_events: a block and all places", "[convert][validation]") {
  CHECK(value_of(block_event("gguf:Q8_0", {1, 30, 0.5})) ==
        value_of(R"({"event":"block","target":"gguf:Q8_0","block":1,"blocks":30,"error":0.5})"));
  DivergenceSummary summary;
  summary.places = 5;
  summary.kld_mean = 0.25;
  const auto compared = value_of(compared_event("gguf:Q8_0", summary)).as_object();
  CHECK(compared.at("event") == "compared");
  CHECK(compared.at("target") == "gguf:Q8_0");
  CHECK(compared.at("places") == 5);
  CHECK(compared.at("kld_mean") == 0.25);
}

TEST_CASE("validation_events: a verdict", "[convert][validation]") {
  const Judgement of{Verdict::warn, {0.25, 0.5, 0.75, 0.125}, 2, {"one", "two"}};
  CHECK(value_of(verdict_event("gguf:Q8_0", of)) ==
        value_of(R"({"event":"verdict","target":"gguf:Q8_0","verdict":"warn","limits":{
                   "kld_mean":0.25,"kld_p99":0.5,"same_top":0.75,"ln_perplexity_ratio":0.125,
                   "factor":2.0},"reasons":["one","two"]})"));
}

}  // namespace waag::convert::testing
